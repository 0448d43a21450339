// The weights of a model as its files hold them, handed out under Hugging Face's names, with its order of rows,
// whatever the layout: safetensors; Meta's consolidated.NN.pth, whose shards are joined and whose four-bit matrices
// become blocks; programs of ExecuTorch, likewise; GGUF. Blocks become f32 or are handed out as they are.
//
// Meta, ExecuTorch and GGUF keep the two halves of a rotary pair side by side, rows 2i and 2i + 1 of each query and key
// head, where Hugging Face has them in rows i and i + head_dim / 2.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "model/config.h"
#include "model/int4_blocks.h"
#include "store/gguf.h"
#include "store/model_folder.h"
#include "tensor/tensor.h"

namespace cria {

class Checkpoint {
public:
    // Errors: those of the formats' readers; corrupt where two files hold one tensor.
    static Result<Checkpoint> open(Os& os, const ModelFiles& files, const LlamaConfig& config);

    // The tensor of this name and shape: a view of the file where it is large and stands there as it is wanted, else a
    // copy.
    // Errors: corrupt (missing, of another shape), unsupported (of a type that weights do not have).
    Result<Tensor> take(const std::string& name, const Shape& shape);
    // From here on matrices of numbers count as blocks of this type, to which whoever takes them rounds them.
    void round_to(BlockType type) { rounded_ = type; }
    // Whether a tensor is quantised.
    bool holds_blocks(const std::string& name) const;
    // As what a matrix can be packed for the kernels: its blocks, where they stand whole in one file; the type to which
    // numbers are rounded; bf16 or f16.
    std::optional<ElementType> packed_type(std::string_view name) const;
    // The rows of such a tensor as they stand in the files, in the order of Hugging Face.
    struct Rows {
        ElementType type;
        std::vector<const std::byte*> rows;  // there as long as the checkpoint, and `storage`
        std::shared_ptr<Storage> storage{};  // of rows that were joined from several files
    };
    // Errors: corrupt (of another shape).
    Result<Rows> rows_of(const std::string& name, const Shape& shape);
    // The type that take() gives: that of the file, or f32 for blocks and for what is not there.
    DType number_type(const std::string& name) const;
    // As if the tensor had been taken. Errors: those of take().
    Status pass_over(const std::string& name, const Shape& shape);
    // An error when a tensor was not taken, unless it is known to say nothing new.
    Status finish() const;

    // Bytes of the tensors of each type in the files, and of all weights once they are loaded: blocks are packed for
    // tiles of `lanes` rows where they can be (kernels/packed.h), and become f32 where not, or for `lanes` 0.
    struct Sizes {
        std::map<std::string, std::uint64_t> by_type;
        std::uint64_t loaded = 0;
    };
    Sizes sizes(std::int64_t lanes) const;

private:
    // A tensor of one file.
    struct Part {
        ElementType type;
        Shape shape;
        const std::byte* data;
        std::shared_ptr<Storage> storage;  // keeps the file
        // Scales of blocks that do not hold them exactly, [rows, groups]; dequantised with these.
        std::vector<float> scales{};
    };
    enum class Join { rows, columns, same };  // how the parts of a sharded tensor make one
    struct Found {
        std::vector<Part> parts;
        Join join = Join::same;
        bool pairs_side_by_side = false;
        bool taken = false;
    };

    Status add_safetensors(Os& os, const ModelFiles& files);
    Status add_meta(Os& os, const ModelFiles& files);
    Status add_gguf(Os& os, const ModelFiles& files);
    Status add_executorch(Os& os, const ModelFiles& files);
    static Part part_of(BlockTensor blocks);
    Result<Part> meta_part(const std::string& name, const Tensor& tensor,
                           const std::map<std::string, Tensor>& all) const;
    Result<Found*> find(const std::string& name, const Shape& shape);
    std::int64_t row_in_file(const Found& found, std::int64_t row) const;
    Status add(std::string name, Part part, bool pairs_side_by_side);
    std::optional<ElementType> packed_type(std::string_view name, const Found& found) const;
    Tensor joined(const Found& found, DType type, const Shape& shape) const;
    Result<Shape> joined_shape(const std::string& name, const Found& found) const;
    // A row of the part's blocks in f32.
    static void dequantize_row(const Part& part, std::int64_t row, std::span<float> values);
    // Row `row` of the whole, in the order of Hugging Face, written in `type`: the parts' own, or f32 for blocks.
    void write_row(const Found& found, std::int64_t row, DType type, std::byte* to) const;

    std::string who_;
    LlamaConfig config_;
    std::map<std::string, Found, std::less<>> found_;
    std::optional<BlockType> rounded_{};
};

}  // namespace cria

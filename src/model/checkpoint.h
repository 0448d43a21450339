// The weights of a model as its files hold them, handed out under Hugging Face's names, with its order of rows,
// whatever the layout: safetensors; Meta's consolidated.NN.pth, whose shards are joined; GGUF, whose blocks become f32.
//
// Meta and GGUF keep the two halves of a rotary pair side by side, rows 2i and 2i + 1 of each query and key head, where
// Hugging Face has them in rows i and i + head_dim / 2.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/os.h"
#include "base/result.h"
#include "model/config.h"
#include "store/gguf.h"
#include "store/model_folder.h"
#include "tensor/tensor.h"

namespace cria {

class Checkpoint {
public:
    // Errors: those of the formats' readers; corrupt where two files hold one tensor.
    static Result<Checkpoint> open(Os& os, const ModelFiles& files, const LlamaConfig& config);

    // The tensor of this name and shape: a view of the file where it stands there as it is wanted, else a copy.
    // Errors: corrupt (missing, of another shape), unsupported (of a type that weights do not have).
    Result<Tensor> take(const std::string& name, const Shape& shape);
    // An error when a tensor was not taken, unless it is known to say nothing new.
    Status finish() const;

    // Bytes of the tensors of each type in the files, and of all weights once they are loaded (blocks become f32).
    struct Sizes {
        std::map<std::string, std::uint64_t> by_type;
        std::uint64_t loaded = 0;
    };
    Sizes sizes() const;

private:
    // A tensor of one file.
    struct Part {
        ElementType type;
        Shape shape;
        const std::byte* data;
        std::shared_ptr<Storage> storage;  // keeps the file
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
    Status add(std::string name, Part part, bool pairs_side_by_side);
    Result<Shape> joined_shape(const std::string& name, const Found& found) const;
    // Row `row` of the whole, in the order of Hugging Face, written in `type`: the parts' own, or f32 for blocks.
    void write_row(const Found& found, std::int64_t row, DType type, std::byte* to) const;

    std::string who_;
    LlamaConfig config_;
    std::map<std::string, Found, std::less<>> found_;
};

}  // namespace cria

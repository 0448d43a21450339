// Weights packed for the kernels at hand, and kept in a file beside the model: the first start packs, every later one
// maps that file and reads nothing twice.
//
// The file is NAME.packedN, or NAME.int8.packedN where LoadOptions::int8 rounds numbers (NAME is the model's first
// file, N the rows of a quantised tile): safetensors that hold the packed bytes of each tensor under its Hugging Face
// name, blocks as bytes, numbers as bf16 or f16. Its metadata name the files it was made from, by size and time; when
// those have changed it is made anew. It may be deleted at any time. Where the model's folder cannot be written to, it
// is kept in another one.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/os.h"
#include "base/result.h"
#include "model/checkpoint.h"
#include "ops/pass.h"
#include "store/model_folder.h"

namespace cria {

struct LoadOptions;  // model/llama.h
struct Parameter;

// As what the parts of a matrix are packed, one by one: all quantised, or all of one type of numbers and large enough
// to gain by it. Nothing for one that is not packed.
std::vector<ElementType> packed_types(const Parameter& parameter, const Checkpoint& checkpoint);

// A tensor of the model that is to be packed.
struct PackRequest {
    std::string name;
    Shape shape;
    ElementType type;  // of Checkpoint::packed_type
};

class PackedWeights {
public:
    // Those of `requests` from the file; it is written first where it is not there, damaged or out of date, beside the
    // model, else in options.cache_folder, and where it cannot be written, memory takes its place. Of `options` counts
    // what concerns packing. The tensors count as taken from the checkpoint.
    // Errors: those of Checkpoint::pass_over; corrupt, where numbers are to be rounded that are none.
    static Result<PackedWeights> open(Os& os, const ModelFiles& files, Checkpoint& checkpoint,
                                      std::span<const PackRequest> requests, const LoadOptions& options);

    // Nothing for a tensor that was not packed.
    std::optional<PackedPart> find(const std::string& name) const;

private:
    std::map<std::string, PackedPart, std::less<>> parts_;
};

}  // namespace cria

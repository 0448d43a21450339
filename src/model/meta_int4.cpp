#include "model/meta_int4.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace cria {
namespace {

constexpr std::string_view kWeight = ".weight";

bool is_eight_bit(const std::string& name) { return name == "tok_embeddings.weight" || name == "output.weight"; }

float value_at(const Tensor& tensor, std::int64_t i) {
    switch (tensor.dtype()) {
        case DType::bf16: return to_f32(tensor.data<BF16>()[i]);
        case DType::f16: return to_f32(tensor.data<F16>()[i]);
        case DType::f32: return tensor.f32()[i];
        default: return tensor.dtype() == DType::i8 ? static_cast<float>(tensor.data<std::int8_t>()[i]) : NAN;
    }
}

Status check_zeros(const std::string& name, const Tensor& zeros) {
    for (std::int64_t i = 0; i < zeros.elements(); ++i)
        if (value_at(zeros, i) != 0)
            return fail(ErrorKind::unsupported, "tensor '{}' has zero points other than 0", name);
    return {};
}

}  // namespace

Result<BlockTensor> blocks_of_meta_int4(const std::string& name, const Tensor& weight,
                                        const std::map<std::string, Tensor>& all) {
    const std::string base = name.substr(0, name.size() - kWeight.size());
    const auto scales = all.find(base + ".scales");
    if (scales == all.end()) return fail(ErrorKind::corrupt, "tensor '{}' is int8 and has no scales", name);
    if (const auto zeros = all.find(base + ".zeros"); zeros != all.end()) CRIA_TRY(check_zeros(name, zeros->second));
    if (weight.shape().rank() != 2) return fail(ErrorKind::corrupt, "tensor '{}' is int8 and no matrix", name);
    const auto* numbers = weight.data<std::int8_t>();
    const BlockType type = is_eight_bit(name) ? BlockType::q8_0 : BlockType::q4_0;
    if (type == BlockType::q4_0 &&
        std::any_of(numbers, numbers + weight.elements(), [](std::int8_t n) { return n < -8 || n > 7; }))
        return fail(ErrorKind::corrupt, "tensor '{}' has numbers beyond four bits (-8 to 7)", name);

    std::vector<float> factors(static_cast<std::size_t>(scales->second.elements()));
    for (std::size_t i = 0; i < factors.size(); ++i)
        factors[i] = value_at(scales->second, static_cast<std::int64_t>(i));
    const auto next = [numbers](std::int64_t first, std::int8_t* to) {
        std::memcpy(to, numbers + first, kBlockNumbers);
    };
    return blocks_of_groups({weight.shape(), std::move(factors), next}, type, name);
}

}  // namespace cria

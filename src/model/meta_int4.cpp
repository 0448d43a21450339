#include "model/meta_int4.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace cria {
namespace {

constexpr std::int64_t kBlock = 32;  // elements of Q4_0 and Q8_0
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

// One block of 32 numbers. Q4_0 keeps number i in the low half of byte i, number i + 16 in the high half.
void write_block(BlockType type, F16 scale, const std::int8_t* numbers, std::byte* to) {
    std::memcpy(to, &scale, sizeof scale);
    to += sizeof scale;
    if (type == BlockType::q8_0) {
        std::memcpy(to, numbers, kBlock);
        return;
    }
    for (std::int64_t i = 0; i < kBlock / 2; ++i)
        to[i] = static_cast<std::byte>((numbers[i] + 8) | (numbers[i + kBlock / 2] + 8) << 4);
}

}  // namespace

Result<BlockTensor> blocks_of_meta_int4(const std::string& name, const Tensor& weight,
                                        const std::map<std::string, Tensor>& all) {
    const std::string base = name.substr(0, name.size() - kWeight.size());
    const auto scales = all.find(base + ".scales");
    if (scales == all.end()) return fail(ErrorKind::corrupt, "tensor '{}' is int8 and has no scales", name);
    if (const auto zeros = all.find(base + ".zeros"); zeros != all.end()) CRIA_TRY(check_zeros(name, zeros->second));
    if (weight.shape().rank() != 2) return fail(ErrorKind::corrupt, "tensor '{}' is int8 and no matrix", name);
    const std::int64_t rows = weight.rows(), columns = weight.columns();
    const std::int64_t groups = scales->second.elements() / rows;
    if (groups < 1 || groups * rows != scales->second.elements() || columns % groups != 0)
        return fail(ErrorKind::corrupt, "tensor '{}' {} does not fit its scales {}", name, weight.shape().text(),
                    scales->second.shape().text());
    const std::int64_t group = columns / groups;
    if (group % kBlock != 0)
        return fail(ErrorKind::unsupported, "tensor '{}' has a scale for every {} numbers; a multiple of {} is wanted",
                    name, group, kBlock);
    const auto* numbers = weight.data<std::int8_t>();
    const BlockType type = is_eight_bit(name) ? BlockType::q8_0 : BlockType::q4_0;
    if (type == BlockType::q4_0 &&
        std::any_of(numbers, numbers + weight.elements(), [](std::int8_t n) { return n < -8 || n > 7; }))
        return fail(ErrorKind::corrupt, "tensor '{}' has numbers beyond four bits (-8 to 7)", name);

    const std::int64_t bytes = layout_of(type).bytes;
    BlockTensor blocks{type, weight.shape(), Tensor::zeros(DType::i8, Shape{rows * columns / kBlock * bytes})};
    auto* to = static_cast<std::byte*>(blocks.storage.raw());
    for (std::int64_t i = 0; i < rows * columns / kBlock; ++i) {
        const F16 scale = to_f16(value_at(scales->second, i * kBlock / group));
        if (!std::isfinite(to_f32(scale)))
            return fail(ErrorKind::corrupt, "tensor '{}' has a scale that is no number of 16 bits", name);
        write_block(type, scale, numbers + i * kBlock, to + i * bytes);
    }
    return blocks;
}

}  // namespace cria

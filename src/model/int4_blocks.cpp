#include "model/int4_blocks.h"

#include <array>
#include <cmath>
#include <cstring>

namespace cria {
namespace {

// One block of 32 numbers. Q4_0 keeps number i in the low half of byte i, number i + 16 in the high half.
void write_block(BlockType type, F16 scale, const std::int8_t* numbers, std::byte* to) {
    std::memcpy(to, &scale, sizeof scale);
    to += sizeof scale;
    if (type == BlockType::q8_0) {
        std::memcpy(to, numbers, kBlockNumbers);
        return;
    }
    for (std::int64_t i = 0; i < kBlockNumbers / 2; ++i)
        to[i] = static_cast<std::byte>((numbers[i] + 8) | (numbers[i + kBlockNumbers / 2] + 8) << 4);
}

Result<std::int64_t> group_of(const GroupedNumbers& numbers, std::string_view name) {
    const Shape& shape = numbers.shape;
    const std::int64_t count = std::ssize(numbers.scales), rows = shape.rows(), columns = shape.last();
    const std::int64_t groups = rows > 0 ? count / rows : 0;
    if (groups < 1 || groups * rows != count || columns % groups != 0)
        return fail(ErrorKind::corrupt, "tensor '{}' {} does not fit its scales, which are {}", name, shape.text(),
                    count);
    const std::int64_t group = columns / groups;
    if (group % kBlockNumbers != 0)
        return fail(ErrorKind::unsupported, "tensor '{}' has a scale for every {} numbers; a multiple of {} is wanted",
                    name, group, kBlockNumbers);
    return group;
}

}  // namespace

Result<BlockTensor> blocks_of_groups(const GroupedNumbers& numbers, BlockType type, std::string_view name) {
    CRIA_ASSERT(type == BlockType::q4_0 || type == BlockType::q8_0);
    if (numbers.shape.rank() != 2) return fail(ErrorKind::corrupt, "tensor '{}' is quantised and no matrix", name);
    const std::int64_t group = CRIA_TRY(group_of(numbers, name)), count = numbers.shape.elements() / kBlockNumbers;
    const std::int64_t bytes = layout_of(type).bytes;
    BlockTensor blocks{type, numbers.shape, Tensor::zeros(DType::i8, Shape{count * bytes})};
    auto* to = static_cast<std::byte*>(blocks.storage.raw());
    std::array<std::int8_t, kBlockNumbers> here{};
    bool exact = true;
    for (std::int64_t i = 0; i < count; ++i) {
        const float scale = numbers.scales[static_cast<std::size_t>(i * kBlockNumbers / group)];
        const F16 rounded = to_f16(scale);
        if (!std::isfinite(to_f32(rounded)))
            return fail(ErrorKind::corrupt, "tensor '{}' has a scale that is no number of 16 bits", name);
        exact = exact && to_f32(rounded) == scale;
        numbers.next_numbers(i * kBlockNumbers, here.data());
        write_block(type, rounded, here.data(), to + i * bytes);
    }
    if (!exact) blocks.scales = numbers.scales;
    return blocks;
}

// A block's value is its number times its scale without a rounding, so that the number comes back exactly.
void rescale_block(const std::byte* block, float scale, std::span<float> values) {
    F16 own;
    std::memcpy(&own, block, sizeof own);
    const float divisor = to_f32(own);
    for (float& value : values) value = divisor == 0 ? 0.0f : std::nearbyint(value / divisor) * scale;
}

}  // namespace cria

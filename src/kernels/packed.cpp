// Packing and its inverse: plain code, run once for each weight.
#include "kernels/packed.h"

#include <array>
#include <cstring>

#include "base/assert.h"

namespace cria {
namespace {

// Vectors of the upper bits of 32 columns.
std::int64_t upper_vectors(const NumberRange& range) { return range.bits == 8 ? 4 : range.bits - 4; }

bool has_minima(BlockType type) { return type == BlockType::q4_k || type == BlockType::q5_k; }
bool has_group_scales(BlockType type) { return has_minima(type) || type == BlockType::q6_k; }

// The place of one number of row 0 among the bytes of its slice: its lower bits, and its upper ones. Row i has them
// 4 i bytes later.
struct Place {
    std::int64_t low, high;
    int low_shift, low_mask, high_shift, high_mask;
};
using Places = std::array<Place, kSlice>;

Place place_of(const NumberRange& range, std::int64_t lanes, std::int64_t column) {
    const std::int64_t quad = column / 4, vector = 4 * lanes;
    if (range.bits == 8) return {quad * vector + column % 4, 0, 0, 255, 0, 0};
    Place place{quad % 4 * vector + column % 4, 0, quad < 4 ? 0 : 4, 15, 0, 0};
    if (range.bits == 5) {
        place.high = 4 * vector + column % 4;
        place.high_shift = static_cast<int>(quad);
        place.high_mask = 1;
    } else if (range.bits == 6) {
        place.high = (4 + quad / 4) * vector + column % 4;
        place.high_shift = static_cast<int>(2 * (quad % 4));
        place.high_mask = 3;
    }
    return place;
}

Places places_of(BlockType type, std::int64_t lanes) {
    Places places{};
    for (std::int64_t column = 0; column < kSlice; ++column)
        places[static_cast<std::size_t>(column)] = place_of(*number_range(type), lanes, column);
    return places;
}

int byte_at(const std::byte* from, std::int64_t at) { return std::to_integer<int>(from[at]); }
void set_bits(std::byte* to, std::int64_t at, int bits) { to[at] |= static_cast<std::byte>(bits); }

// `slice` begins at the row's own bytes of the first vector.
void put_number(const Place& place, int number, std::byte* slice) {
    set_bits(slice, place.low, (number & place.low_mask) << place.low_shift);
    if (place.high_mask != 0) set_bits(slice, place.high, number >> 4 << place.high_shift);
}

int get_number(const Place& place, const std::byte* slice) {
    const int low = byte_at(slice, place.low) >> place.low_shift & place.low_mask;
    return low | (byte_at(slice, place.high) >> place.high_shift & place.high_mask) << 4;
}

std::int64_t slice_bytes(const PackedBlock& block) { return (block.bytes - block.numbers) / (block.columns / kSlice); }

struct Packing {
    BlockType type;
    std::int64_t lanes;
    NumberRange range;
    PackedBlock block;
    Places places;
};

void put_block(const Packing& packing, const BlockNumbers& from, std::int64_t lane, std::byte* to) {
    const auto& [type, lanes, range, block, places] = packing;
    std::memcpy(to + lane * 2, &from.scale, 2);
    if (has_minima(type)) std::memcpy(to + block.minimum + lane * 2, &from.minimum, 2);
    for (std::int64_t g = 0; has_group_scales(type) && g < block.columns / range.group; ++g) {
        to[block.scales + g * lanes + lane] = static_cast<std::byte>(from.scales[static_cast<std::size_t>(g)]);
        if (has_minima(type))
            to[block.minima + g * lanes + lane] = static_cast<std::byte>(from.minima[static_cast<std::size_t>(g)]);
    }
    std::byte* slice = to + block.numbers + 4 * lane;
    for (std::int64_t first = 0; first < block.columns; first += kSlice, slice += slice_bytes(block))
        for (std::size_t column = 0; column < places.size(); ++column)
            put_number(places[column], from.numbers[static_cast<std::size_t>(first) + column], slice);
}

// The bytes of the block that holds a column of a row's tile.
const std::byte* block_at(const PackedRows& packed, const PackedBlock& block, std::int64_t row, std::int64_t column) {
    return packed.data + row / packed.lanes * packed.tile_bytes() + column / block.columns * block.bytes;
}

int number_at(BlockType type, const Place& place, const std::byte* slice) {
    const int number = get_number(place, slice);
    return type == BlockType::iq4_nl ? kIq4Numbers[static_cast<std::size_t>(number)] : number;
}

PackedScale scale_of(const PackedRows& packed, const PackedBlock& block, const std::byte* from, std::int64_t lane,
                     std::int64_t group) {
    F16 scale, minimum{};
    std::memcpy(&scale, from + 2 * lane, 2);
    if (!has_group_scales(packed.type)) return {to_f32(scale), 0.0f};
    const std::int64_t at = group * packed.lanes + lane;
    const int raw = byte_at(from, block.scales + at);
    const int factor = packed.type == BlockType::q6_k ? static_cast<std::int8_t>(raw) : raw;
    if (!has_minima(packed.type)) return {to_f32(scale) * static_cast<float>(factor), 0.0f};
    std::memcpy(&minimum, from + block.minimum + 2 * lane, 2);
    return {to_f32(scale) * static_cast<float>(factor),
            to_f32(minimum) * static_cast<float>(byte_at(from, block.minima + at))};
}

}  // namespace

const std::uint8_t* iq4_numbers() { return kIq4Numbers.data(); }

std::int64_t panel_rows(std::int64_t rows, std::int64_t first, std::int64_t panel) {
    std::int64_t count = panel;
    while (count > rows - first) count = count > 4 ? 4 : count / 2;
    return count;
}

bool can_pack(BlockType type) { return number_range(type).has_value(); }

PackedBlock packed_block(BlockType type, std::int64_t lanes) {
    const NumberRange range = *number_range(type);
    const std::int64_t columns = layout_of(type).elements, groups = columns / range.group;
    PackedBlock block{.columns = columns, .minimum = 2 * lanes, .scales = 0, .minima = 0, .numbers = 0, .bytes = 0};
    block.scales = block.minimum + (has_minima(type) ? 2 * lanes : 0);
    block.minima = block.scales + (has_group_scales(type) ? groups * lanes : 0);
    block.numbers = block.minima + (has_minima(type) ? groups * lanes : 0);
    block.bytes = block.numbers + columns / kSlice * (4 + upper_vectors(range)) * 4 * lanes;
    return block;
}

std::int64_t PackedRows::tile_bytes() const { return packed_bytes(type, lanes, columns, lanes); }

std::int64_t packed_bytes(BlockType type, std::int64_t rows, std::int64_t columns, std::int64_t lanes) {
    const PackedBlock block = packed_block(type, lanes);
    CRIA_ASSERT(columns % block.columns == 0);
    return (rows + lanes - 1) / lanes * (columns / block.columns) * block.bytes;
}

void pack_tile(BlockType type, std::span<const std::byte* const> rows, std::int64_t columns, std::int64_t lanes,
               std::byte* to) {
    CRIA_ASSERT(std::ssize(rows) <= lanes);
    const Packing packing{type, lanes, *number_range(type), packed_block(type, lanes), places_of(type, lanes)};
    const std::int64_t blocks = columns / packing.block.columns, stored = layout_of(type).bytes;
    std::memset(to, 0, static_cast<std::size_t>(blocks * packing.block.bytes));
    BlockNumbers numbers;
    for (std::int64_t i = 0; i < blocks; ++i, to += packing.block.bytes) {
        for (std::int64_t lane = 0; lane < std::ssize(rows); ++lane) {
            read_numbers(type, rows[static_cast<std::size_t>(lane)] + i * stored, numbers);
            put_block(packing, numbers, lane, to);
        }
    }
}

int packed_number(const PackedRows& packed, std::int64_t row, std::int64_t column) {
    const PackedBlock block = packed_block(packed.type, packed.lanes);
    const std::byte* slice = block_at(packed, block, row, column) + block.numbers + 4 * (row % packed.lanes) +
                             column % block.columns / kSlice * slice_bytes(block);
    return number_at(packed.type, place_of(*number_range(packed.type), packed.lanes, column % kSlice), slice);
}

PackedScale packed_scale(const PackedRows& packed, std::int64_t row, std::int64_t column) {
    const PackedBlock block = packed_block(packed.type, packed.lanes);
    const std::int64_t group = column % block.columns / number_range(packed.type)->group;
    return scale_of(packed, block, block_at(packed, block, row, column), row % packed.lanes, group);
}

void unpack_row(const PackedRows& packed, std::int64_t row, float* to) {
    const NumberRange range = *number_range(packed.type);
    const PackedBlock block = packed_block(packed.type, packed.lanes);
    const Places places = places_of(packed.type, packed.lanes);
    const std::int64_t lane = row % packed.lanes;
    const std::byte* from = block_at(packed, block, row, 0);
    for (std::int64_t first = 0; first < packed.columns; first += block.columns, from += block.bytes) {
        const std::byte* slice = from + block.numbers + 4 * lane;
        for (std::int64_t group = 0; group < block.columns / range.group; ++group) {
            const PackedScale scale = scale_of(packed, block, from, lane, group);
            for (std::int64_t i = group * range.group; i < (group + 1) * range.group; ++i, ++to) {
                const Place& place = places[static_cast<std::size_t>(i % kSlice)];
                const int number = number_at(packed.type, place, slice + i / kSlice * slice_bytes(block));
                *to = scale.scale * static_cast<float>(number - range.zero) - scale.minimum;
            }
        }
    }
}

}  // namespace cria

#include "ops/attendance.h"

#include "kernels/paired.h"

namespace cria {
namespace {

std::int64_t room_for(std::int64_t positions, DType type) {
    return type == DType::f32 ? positions : (positions + kPairedLanes - 1) / kPairedLanes * kPairedLanes;
}

}  // namespace

KvCache::KvCache(std::int64_t layers, std::int64_t kv_heads, std::int64_t head_dim, std::int64_t capacity_positions,
                 DType type)
    : keys_(Tensor::zeros(type, Shape{layers, kv_heads, room_for(capacity_positions, type), head_dim})),
      values_(Tensor::zeros(type, keys_.shape())),
      capacity_(capacity_positions) {
    CRIA_ASSERT(can_hold(type, head_dim));
}

bool KvCache::can_hold(DType type, std::int64_t head_dim) {
    return type == DType::f32 || (type == DType::bf16 && head_dim % kPairedLanes == 0);
}

void KvCache::set_length(std::int64_t length) {
    CRIA_ASSERT(length >= 0 && length <= capacity_);
    length_ = length;
}

std::uint64_t KvCache::bytes(std::int64_t layers, std::int64_t kv_width, std::int64_t capacity_positions, DType type) {
    return 2 * bytes_of(type) * static_cast<std::uint64_t>(layers) * static_cast<std::uint64_t>(kv_width) *
           static_cast<std::uint64_t>(room_for(capacity_positions, type));
}

}  // namespace cria

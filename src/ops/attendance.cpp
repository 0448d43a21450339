#include "ops/attendance.h"

namespace cria {

KvCache::KvCache(std::int64_t layers, std::int64_t kv_heads, std::int64_t head_dim, std::int64_t capacity_positions)
    : keys_(Tensor::zeros(DType::f32, Shape{layers, kv_heads, capacity_positions, head_dim})),
      values_(Tensor::zeros(DType::f32, Shape{layers, kv_heads, capacity_positions, head_dim})),
      capacity_(capacity_positions) {}

void KvCache::set_length(std::int64_t length) {
    CRIA_ASSERT(length >= 0 && length <= capacity_);
    length_ = length;
}

std::uint64_t KvCache::bytes(std::int64_t layers, std::int64_t kv_width, std::int64_t capacity_positions) {
    return 2 * sizeof(float) * static_cast<std::uint64_t>(layers) * static_cast<std::uint64_t>(kv_width) *
           static_cast<std::uint64_t>(capacity_positions);
}

}  // namespace cria

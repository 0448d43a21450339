#include "model/packed_weights.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "store/safetensors.h"

namespace cria {
namespace {

constexpr std::string_view kFormat = "cria packed weights 1";

struct Source {
    std::string name;
    Checkpoint::BlockRows blocks;
    Shape shape;
    std::int64_t lanes;

    std::size_t bytes() const {
        return static_cast<std::size_t>(packed_bytes(blocks.type, shape.rows(), shape.last(), lanes));
    }
    PackedPart part(Tensor packed) const { return {blocks.type, shape.rows(), shape.last(), lanes, std::move(packed)}; }
};

// What the packed form was made from and for.
Result<SafetensorsMetadata> origin(Os& os, const ModelFiles& files, std::int64_t lanes) {
    return SafetensorsMetadata{{"format", std::string(kFormat)},
                               {"lanes", fmt::format("{}", lanes)},
                               {"of", CRIA_TRY(describe_weights(os, files))}};
}

void pack(const Source& source, ThreadPool& pool, std::span<std::byte> to) {
    const std::int64_t rows = source.shape.rows(), columns = source.shape.last(), lanes = source.lanes;
    const std::int64_t tile_bytes = packed_bytes(source.blocks.type, lanes, columns, lanes);
    const std::span all(source.blocks.rows);
    pool.parallel(static_cast<int>((rows + lanes - 1) / lanes), [&](int tile) {
        const std::int64_t first = tile * lanes;
        const auto here =
            all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(lanes, rows - first)));
        pack_tile(source.blocks.type, here, columns, lanes, to.data() + tile * tile_bytes);
    });
}

Status write_packed(Os& os, const Path& path, std::span<const Source> sources, ThreadPool& pool,
                    const SafetensorsMetadata& metadata) {
    std::vector<PlannedTensor> plans;
    for (const Source& source : sources)
        plans.push_back({source.name, DType::i8, Shape{static_cast<std::int64_t>(source.bytes())}});
    std::vector<std::byte> packed;
    const auto bytes_at = [&](std::size_t i) -> Result<std::span<const std::byte>> {
        packed.resize(sources[i].bytes());
        pack(sources[i], pool, packed);
        return packed;
    };
    return write_safetensors(os, path, plans, bytes_at, metadata);
}

// The parts in the file, in the order of `sources`; empty if it is not there, or was not made from these files.
std::vector<Tensor> read_packed(Os& os, const Path& path, std::span<const Source> sources,
                                const SafetensorsMetadata& metadata) {
    const auto file = open_safetensors(os, path);
    if (!file || file->metadata() != metadata) return {};
    std::vector<Tensor> parts;
    for (const Source& source : sources) {
        const SafetensorsEntry* entry = file->find(source.name);
        if (entry == nullptr || entry->dtype != DType::i8 || entry->bytes != source.bytes()) return {};
        parts.push_back(file->tensor(*entry));
    }
    return parts;
}

Tensor pack_in_memory(const Source& source, ThreadPool& pool) {
    Tensor packed = Tensor::zeros(DType::i8, Shape{static_cast<std::int64_t>(source.bytes())});
    pack(source, pool, {static_cast<std::byte*>(packed.raw()), packed.bytes()});
    return packed;
}

}  // namespace

Result<PackedWeights> PackedWeights::open(Os& os, const ModelFiles& files, Checkpoint& checkpoint,
                                          std::span<const PackRequest> requests, const Compute& compute) {
    const std::int64_t lanes = compute.kernels.packed.lanes;
    std::vector<Source> sources;
    for (const PackRequest& request : requests)
        sources.push_back(
            {request.name, CRIA_TRY(checkpoint.take_blocks(request.name, request.shape)), request.shape, lanes});
    PackedWeights weights;
    if (sources.empty()) return weights;

    Path path = files.weights.front();
    path += fmt::format(".packed{}", lanes);
    const SafetensorsMetadata metadata = CRIA_TRY(origin(os, files, lanes));
    std::vector<Tensor> parts = read_packed(os, path, sources, metadata);
    // A folder that may not be written to, or a full disk, is no reason to refuse.
    if (parts.empty() && write_packed(os, path, sources, compute.pool, metadata))
        parts = read_packed(os, path, sources, metadata);
    for (std::size_t i = 0; i < sources.size(); ++i)
        weights.parts_.emplace(sources[i].name, sources[i].part(parts.empty() ? pack_in_memory(sources[i], compute.pool)
                                                                              : std::move(parts[i])));
    return weights;
}

std::optional<PackedPart> PackedWeights::find(const std::string& name) const {
    const auto it = parts_.find(name);
    return it == parts_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace cria

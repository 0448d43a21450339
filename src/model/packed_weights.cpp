#include "model/packed_weights.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>
#include <vector>

#include "model/llama.h"
#include "ops/product.h"
#include "store/safetensors.h"
#include "tensor/quantize_blocks.h"

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

// Rows of numbers as rows of blocks.
class RoundedRows {
public:
    // Beyond, a scale might not fit into f16.
    static constexpr float kLargest = 65504.0f;

    RoundedRows(const Kernels& kernels, const Source& source, std::span<const std::byte* const> rows)
        : columns_(source.shape.last()),
          row_bytes_(columns_ / layout_of(source.blocks.type).elements * layout_of(source.blocks.type).bytes),
          bytes_(static_cast<std::size_t>(std::ssize(rows) * row_bytes_)) {
        std::vector<float> values(static_cast<std::size_t>(columns_));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::byte* to = bytes_.data() + static_cast<std::int64_t>(i) * row_bytes_;
            rows_.push_back(to);
            widen(kernels, rows[i], *source.blocks.numbers, columns_, values.data());
            if (std::ranges::all_of(values, [](float x) { return std::abs(x) <= kLargest; }))
                quantize(source.blocks.type, values, {to, static_cast<std::size_t>(row_bytes_)});
            else
                fit_ = false;
        }
    }

    std::span<const std::byte* const> rows() const { return rows_; }
    bool fit() const { return fit_; }

private:
    std::int64_t columns_, row_bytes_;
    std::vector<std::byte> bytes_;
    std::vector<const std::byte*> rows_;
    bool fit_ = true;
};

// Errors: corrupt, where numbers are to be rounded that are none, or too large.
Status pack(const Source& source, const Compute& compute, std::span<std::byte> to) {
    const std::int64_t rows = source.shape.rows(), columns = source.shape.last(), lanes = source.lanes;
    const std::int64_t tile_bytes = packed_bytes(source.blocks.type, lanes, columns, lanes);
    const std::span all(source.blocks.rows);
    std::atomic<bool> fit = true;
    compute.pool.parallel(static_cast<int>((rows + lanes - 1) / lanes), [&](int tile) {
        const std::int64_t first = tile * lanes;
        const auto here =
            all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(std::min(lanes, rows - first)));
        std::byte* const into = to.data() + tile * tile_bytes;
        if (!source.blocks.numbers) return pack_tile(source.blocks.type, here, columns, lanes, into);
        const RoundedRows rounded(compute.kernels, source, here);
        if (!rounded.fit()) fit = false;
        pack_tile(source.blocks.type, rounded.rows(), columns, lanes, into);
    });
    if (fit) return {};
    return fail(ErrorKind::corrupt, "tensor '{}' has numbers that are not finite, or beyond {}; {} cannot hold them",
                source.name, RoundedRows::kLargest, layout_of(source.blocks.type).name);
}

Status write_packed(Os& os, const Path& path, std::span<const Source> sources, const Compute& compute,
                    const SafetensorsMetadata& metadata) {
    std::vector<PlannedTensor> plans;
    for (const Source& source : sources)
        plans.push_back({source.name, DType::i8, Shape{static_cast<std::int64_t>(source.bytes())}});
    std::vector<std::byte> packed;
    const auto bytes_at = [&](std::size_t i) -> Result<std::span<const std::byte>> {
        packed.resize(sources[i].bytes());
        CRIA_TRY(pack(sources[i], compute, packed));
        return packed;
    };
    return write_safetensors(os, path, plans, bytes_at, metadata);
}

// The parts in the file, in the order of `sources`. Errors: not_found, io; corrupt or invalid_input where it is damaged
// or was made from or for something else.
Result<std::vector<Tensor>> read_packed(Os& os, const Path& path, std::span<const Source> sources,
                                        const SafetensorsMetadata& metadata) {
    const SafetensorsFile file = CRIA_TRY(open_safetensors(os, path));
    constexpr std::pair<const char*, const char*> kReasons[] = {
        {"format", "was written by another version of Cria"},
        {"lanes", "was made for another processor"},
        {"of", "was made from other files, or before they changed"}};
    for (const auto& [key, reason] : kReasons) {
        const auto value = file.metadata().find(key);
        if (value == file.metadata().end() || value->second != metadata.at(key))
            return fail(ErrorKind::invalid_input, "{}: {}", path.string(), reason);
    }
    std::vector<Tensor> parts;
    for (const Source& source : sources) {
        const SafetensorsEntry* entry = file.find(source.name);
        if (entry == nullptr || entry->dtype != DType::i8 || entry->bytes != source.bytes())
            return fail(ErrorKind::corrupt, "{}: {} is not there, or not of {} bytes", path.string(), source.name,
                        source.bytes());
        parts.push_back(file.tensor(*entry));
    }
    return parts;
}

// From the first place that has it, else written to the first that takes it. Empty where none does.
class PackedFile {
public:
    // `rounded`: numbers are rounded for it.
    PackedFile(Os& os, const ModelFiles& files, std::int64_t lanes, bool rounded, const LoadOptions& options)
        : os_(os), options_(options), rounded_(rounded) {
        Path path = files.weights.front();
        path += fmt::format("{}.packed{}", rounded ? ".int8" : "", lanes);
        places_.push_back(path);
        if (!options.cache_folder.empty()) places_.push_back(options.cache_folder / path.filename());
    }

    // Errors: corrupt, where the weights themselves cannot be packed.
    Result<std::vector<Tensor>> read_or_write(std::span<const Source> sources, const SafetensorsMetadata& metadata) {
        std::string reason;  // why what is there is of no use
        for (const Path& path : places_) {
            auto parts = read_packed(os_, path, sources, metadata);
            if (parts) return std::move(*parts);
            if (parts.error().kind != ErrorKind::not_found) reason = parts.error().message;
        }
        if (!reason.empty()) options_.notice(fmt::format("{}; its weights are packed anew", reason));
        if (rounded_)
            options_.notice(
                "the weights are rounded to eight bits; this takes a minute for each billion, and only once");
        for (const Path& path : places_) {
            if (auto parts = write(path, sources, metadata)) {
                if (path != places_.front())
                    options_.notice(fmt::format("{}; the packed weights are kept in {}", reason, path.string()));
                return std::move(*parts);
            } else if (parts.error().kind == ErrorKind::corrupt) {
                return prefix(path.string(), std::move(parts).error());
            } else {
                reason = std::move(parts).error().message;
            }
        }
        options_.notice(fmt::format("{}; the packed weights are in memory, and made again at each start", reason));
        return std::vector<Tensor>();
    }

private:
    Result<std::vector<Tensor>> write(const Path& path, std::span<const Source> sources,
                                      const SafetensorsMetadata& metadata) {
        if (path != places_.front()) CRIA_TRY(os_.make_folders(path.parent_path()));
        CRIA_TRY(write_packed(os_, path, sources, *options_.compute, metadata));
        return read_packed(os_, path, sources, metadata);
    }

    Os& os_;
    const LoadOptions& options_;
    bool rounded_;
    std::vector<Path> places_;
};

Result<Tensor> pack_in_memory(const Source& source, const Compute& compute) {
    Tensor packed = Tensor::zeros(DType::i8, Shape{static_cast<std::int64_t>(source.bytes())});
    CRIA_TRY(pack(source, compute, {static_cast<std::byte*>(packed.raw()), packed.bytes()}));
    return packed;
}

}  // namespace

Result<PackedWeights> PackedWeights::open(Os& os, const ModelFiles& files, Checkpoint& checkpoint,
                                          std::span<const PackRequest> requests, const LoadOptions& options) {
    const std::int64_t lanes = options.compute->kernels.packed.lanes;
    std::vector<Source> sources;
    for (const PackRequest& request : requests)
        sources.push_back(
            {request.name, CRIA_TRY(checkpoint.take_blocks(request.name, request.shape)), request.shape, lanes});
    PackedWeights weights;
    if (sources.empty()) return weights;

    const SafetensorsMetadata metadata = CRIA_TRY(origin(os, files, lanes));
    const bool rounded = std::ranges::any_of(sources, [](const Source& s) { return s.blocks.numbers.has_value(); });
    PackedFile file(os, files, lanes, rounded, options);
    std::vector<Tensor> parts = CRIA_TRY(file.read_or_write(sources, metadata));
    for (std::size_t i = 0; i < sources.size(); ++i) {
        Tensor part = parts.empty() ? CRIA_TRY(pack_in_memory(sources[i], *options.compute)) : std::move(parts[i]);
        weights.parts_.emplace(sources[i].name, sources[i].part(std::move(part)));
    }
    return weights;
}

std::optional<PackedPart> PackedWeights::find(const std::string& name) const {
    const auto it = parts_.find(name);
    return it == parts_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace cria

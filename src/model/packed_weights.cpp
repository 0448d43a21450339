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

// A weight of 16-bit numbers this large gains by tiles; smaller ones are multiplied in f32, as they are stored.
constexpr std::int64_t kWorthTiles = 1 << 20;
// Packing that many bytes of numbers takes seconds, and room that a user may miss.
constexpr std::size_t kWorthANotice = std::size_t{1} << 28;

bool is_quantised(ElementType type) { return std::holds_alternative<BlockType>(type); }

struct Source {
    std::string name;
    Shape shape;
    ElementType type;  // packed; f16 becomes bf16 where all numbers are bf16 numbers, too
    std::int64_t lanes;

    std::size_t bytes() const {
        const std::int64_t rows = shape.rows(), columns = shape.last();
        return static_cast<std::size_t>(is_quantised(type)
                                            ? packed_bytes(std::get<BlockType>(type), rows, columns, lanes)
                                            : tiled_bytes(std::get<DType>(type), rows, columns, lanes));
    }
    // How the file holds it.
    DType stored() const { return is_quantised(type) ? DType::i8 : std::get<DType>(type); }
    Shape stored_shape() const { return Shape{static_cast<std::int64_t>(bytes() / bytes_of(stored()))}; }
    PackedPart part(Tensor packed) const { return {type, shape.rows(), shape.last(), lanes, std::move(packed)}; }
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

    RoundedRows(const Kernels& kernels, BlockType to, DType from, std::span<const std::byte* const> rows,
                std::int64_t columns)
        : row_bytes_(row_bytes(to, columns)), bytes_(static_cast<std::size_t>(std::ssize(rows) * row_bytes_)) {
        std::vector<float> values(static_cast<std::size_t>(columns));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::byte* at = bytes_.data() + static_cast<std::int64_t>(i) * row_bytes_;
            rows_.push_back(at);
            widen(kernels, rows[i], from, columns, values.data());
            if (std::ranges::all_of(values, [](float x) { return std::abs(x) <= kLargest; }))
                quantize(to, values, {at, static_cast<std::size_t>(row_bytes_)});
            else
                fit_ = false;
        }
    }

    std::span<const std::byte* const> rows() const { return rows_; }
    bool fit() const { return fit_; }

private:
    std::int64_t row_bytes_;
    std::vector<std::byte> bytes_;
    std::vector<const std::byte*> rows_;
    bool fit_ = true;
};

// What packing takes: the weights as they are, and the machine.
struct Packer {
    Checkpoint& checkpoint;
    const Compute& compute;

    // Whether all numbers of a tensor in f16 are bf16 numbers, too.
    Result<bool> is_of_bf16(const Source& source) const {
        const Checkpoint::Rows from = CRIA_TRY(checkpoint.rows_of(source.name, source.shape));
        std::atomic<bool> all = true;
        compute.pool.parallel(static_cast<int>(from.rows.size()), [&](int row) {
            const auto* numbers = reinterpret_cast<const F16*>(from.rows[static_cast<std::size_t>(row)]);
            if (all && !compute.kernels.are_bf16(numbers, source.shape.last())) all = false;
        });
        return all.load();
    }

    // Errors: corrupt, where numbers are to be rounded that are none, or too large.
    Status pack(const Source& source, std::span<std::byte> to) const {
        const Checkpoint::Rows from = CRIA_TRY(checkpoint.rows_of(source.name, source.shape));
        const std::int64_t rows = source.shape.rows(), lanes = source.lanes;
        const std::int64_t tiles = (rows + lanes - 1) / lanes, tile_bytes = std::ssize(to) / tiles;
        std::atomic<bool> fit = true;
        compute.pool.parallel(static_cast<int>(tiles), [&](int tile) {
            const std::int64_t first = tile * lanes;
            const auto here = std::span(from.rows).subspan(static_cast<std::size_t>(first),
                                                           static_cast<std::size_t>(std::min(lanes, rows - first)));
            if (!write(source, from.type, here, to.data() + tile * tile_bytes)) fit = false;
        });
        if (fit) return {};
        return fail(ErrorKind::corrupt,
                    "tensor '{}' has numbers that are not finite, or beyond {}; {} cannot hold them", source.name,
                    RoundedRows::kLargest, name_of(source.type));
    }

private:
    // One tile. False where the type cannot hold its numbers.
    bool write(const Source& source, ElementType from, std::span<const std::byte* const> rows, std::byte* to) const {
        const std::int64_t columns = source.shape.last(), lanes = source.lanes;
        if (!is_quantised(source.type)) {
            write_tile(std::get<DType>(source.type), std::get<DType>(from), rows, columns, lanes, to);
            return true;
        }
        const BlockType type = std::get<BlockType>(source.type);
        if (is_quantised(from)) {
            pack_tile(type, rows, columns, lanes, to);
            return true;
        }
        const RoundedRows rounded(compute.kernels, type, std::get<DType>(from), rows, columns);
        pack_tile(type, rounded.rows(), columns, lanes, to);
        return rounded.fit();
    }
};

Status write_packed(Os& os, const Path& path, std::span<const Source> sources, const Packer& packer,
                    const SafetensorsMetadata& metadata) {
    std::vector<PlannedTensor> plans;
    for (const Source& source : sources) plans.push_back({source.name, source.stored(), source.stored_shape()});
    std::vector<std::byte> packed;
    const auto bytes_at = [&](std::size_t i) -> Result<std::span<const std::byte>> {
        packed.resize(sources[i].bytes());
        CRIA_TRY(packer.pack(sources[i], packed));
        return packed;
    };
    return write_safetensors(os, path, plans, bytes_at, metadata);
}

// The parts in the file, in the order of `sources`. Errors: not_found, io; corrupt or invalid_input where it is damaged
// or was made from or for something else.
Result<std::vector<PackedPart>> read_packed(Os& os, const Path& path, std::span<const Source> sources,
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
    std::vector<PackedPart> parts;
    for (Source source : sources) {
        const SafetensorsEntry* entry = file.find(source.name);
        if (entry != nullptr && entry->dtype == DType::bf16 && source.type == ElementType(DType::f16))
            source.type = DType::bf16;
        if (entry == nullptr || entry->dtype != source.stored() || entry->bytes != source.bytes())
            return fail(ErrorKind::corrupt, "{}: {} is not there, or not of {} bytes", path.string(), source.name,
                        source.bytes());
        parts.push_back(source.part(file.tensor(*entry)));
    }
    return parts;
}

// From the first place that has it, else written to the first that takes it, else in memory.
class PackedFile {
public:
    PackedFile(Os& os, const ModelFiles& files, Packer packer, std::vector<Source> sources, const LoadOptions& options)
        : os_(os), options_(options), packer_(packer), sources_(std::move(sources)) {
        for (const Source& source : sources_)
            rounded_ |= is_quantised(source.type) && !packer_.checkpoint.holds_blocks(source.name);
        Path path = files.weights.front();
        path += fmt::format("{}.packed{}", rounded_ ? ".int8" : "", options.compute->kernels.packed.lanes);
        places_.push_back(path);
        if (!options.cache_folder.empty()) places_.push_back(options.cache_folder / path.filename());
    }

    // Errors: corrupt, where the weights themselves cannot be packed.
    Result<std::vector<PackedPart>> read_or_write(const SafetensorsMetadata& metadata) {
        std::string reason;  // why what is there is of no use
        for (const Path& path : places_) {
            auto parts = read_packed(os_, path, sources_, metadata);
            if (parts) return std::move(*parts);
            if (parts.error().kind != ErrorKind::not_found) reason = parts.error().message;
        }
        if (!reason.empty()) options_.notice(fmt::format("{}; its weights are packed anew", reason));
        announce();
        CRIA_TRY(choose_types());
        for (const Path& path : places_) {
            if (auto parts = write(path, metadata)) {
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
        return pack_in_memory();
    }

private:
    // What takes long.
    void announce() const {
        if (rounded_)
            return options_.notice(
                "the weights are rounded to eight bits; this takes a minute for each billion, and only once");
        std::size_t numbers = 0;
        for (const Source& source : sources_)
            if (!is_quantised(source.type)) numbers += source.bytes();
        if (numbers >= kWorthANotice)
            options_.notice(
                fmt::format("{:.1f} GB of weights are packed for this processor; this happens once, and takes as much "
                            "room on the disk",
                            static_cast<double>(numbers) * 1e-9));
    }

    Status choose_types() {
        for (Source& source : sources_)
            if (source.type == ElementType(DType::f16) && CRIA_TRY(packer_.is_of_bf16(source)))
                source.type = DType::bf16;
        return {};
    }

    Result<std::vector<PackedPart>> write(const Path& path, const SafetensorsMetadata& metadata) {
        if (path != places_.front()) CRIA_TRY(os_.make_folders(path.parent_path()));
        CRIA_TRY(write_packed(os_, path, sources_, packer_, metadata));
        return read_packed(os_, path, sources_, metadata);
    }

    Result<std::vector<PackedPart>> pack_in_memory() const {
        std::vector<PackedPart> parts;
        for (const Source& source : sources_) {
            Tensor packed = Tensor::zeros(source.stored(), source.stored_shape());
            CRIA_TRY(packer_.pack(source, {static_cast<std::byte*>(packed.raw()), packed.bytes()}));
            parts.push_back(source.part(std::move(packed)));
        }
        return parts;
    }

    Os& os_;
    const LoadOptions& options_;
    Packer packer_;
    std::vector<Source> sources_;
    bool rounded_ = false;  // numbers are rounded for it
    std::vector<Path> places_;
};

}  // namespace

std::vector<ElementType> packed_types(const Parameter& parameter, const Checkpoint& checkpoint) {
    std::vector<ElementType> types;
    for (const std::string& name : parameter.names) {
        const auto type = checkpoint.packed_type(name);
        if (!type) return {};
        types.push_back(*type);
    }
    const auto quantised = std::ranges::count_if(types, is_quantised);
    if (quantised == std::ssize(types)) return types;
    const bool alike = std::ranges::all_of(types, [&](ElementType type) { return type == types.front(); });
    const bool gains = alike && parameter.shape.elements() >= kWorthTiles && parameter.is_multiplied;
    return gains ? types : std::vector<ElementType>();
}

Result<PackedWeights> PackedWeights::open(Os& os, const ModelFiles& files, Checkpoint& checkpoint,
                                          std::span<const PackRequest> requests, const LoadOptions& options) {
    const Kernels& kernels = options.compute->kernels;
    std::vector<Source> sources;
    for (const PackRequest& request : requests) {
        CRIA_TRY(checkpoint.pass_over(request.name, request.shape));
        sources.push_back({request.name, request.shape, request.type,
                           is_quantised(request.type) ? kernels.packed.lanes : kernels.tiled.lanes});
    }
    PackedWeights weights;
    if (sources.empty()) return weights;

    const SafetensorsMetadata metadata = CRIA_TRY(origin(os, files, kernels.packed.lanes));
    PackedFile file(os, files, {checkpoint, *options.compute}, std::move(sources), options);
    std::vector<PackedPart> parts = CRIA_TRY(file.read_or_write(metadata));
    for (std::size_t i = 0; i < requests.size(); ++i) weights.parts_.emplace(requests[i].name, std::move(parts[i]));
    return weights;
}

std::optional<PackedPart> PackedWeights::find(const std::string& name) const {
    const auto it = parts_.find(name);
    return it == parts_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace cria

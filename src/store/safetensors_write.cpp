// Writing safetensors, tensor by tensor, without a second copy of the data in memory.
#include <algorithm>
#include <numeric>
#include <set>

#include "base/assert.h"
#include "base/checked.h"
#include "base/json.h"
#include "store/safetensors.h"

namespace cria {
namespace {

constexpr std::size_t kDataAlignment = 64;

std::string_view format_name(DType type) {
    switch (type) {
        case DType::f32: return "F32";
        case DType::bf16: return "BF16";
        case DType::f16: return "F16";
        case DType::i8: return "I8";
        case DType::i32: return "I32";
    }
    return "?";
}

// The text as a JSON string; an error if it is not UTF-8.
Result<std::string> quoted(const std::string& text) {
    try {
        return Json(text).dump();
    } catch (const Json::exception&) {
        return fail(ErrorKind::invalid_input, "a name or metadata text for safetensors is not UTF-8");
    }
}

// Numbers of the tensors, wider elements first.
std::vector<std::size_t> in_file_order(std::span<const PlannedTensor> plans) {
    std::vector<std::size_t> order(plans.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return bytes_of(plans[a].dtype) > bytes_of(plans[b].dtype); });
    return order;
}

Result<std::string> metadata_json(const SafetensorsMetadata& metadata) {
    std::string text = "{";
    for (const auto& [key, value] : metadata) {
        if (text.size() > 1) text += ',';
        text += CRIA_TRY(quoted(key)) + ':' + CRIA_TRY(quoted(value));
    }
    return text + '}';
}

// The first 8 bytes and the header, padded with spaces so that the data is aligned.
Result<std::string> safetensors_header(std::span<const PlannedTensor> plans, std::span<const std::size_t> order,
                                       const SafetensorsMetadata& metadata) {
    std::string json = "{";
    if (!metadata.empty()) json += "\"__metadata__\":" + CRIA_TRY(metadata_json(metadata));
    std::set<std::string_view> names = {"__metadata__"};
    std::size_t begin = 0;
    for (const std::size_t i : order) {
        const PlannedTensor& plan = plans[i];
        if (!names.insert(plan.name).second)
            return fail(ErrorKind::invalid_input, "a tensor cannot be written under the name '{}': it is taken",
                        plan.name);
        if (json.size() > 1) json += ',';
        json +=
            fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", CRIA_TRY(quoted(plan.name)),
                        format_name(plan.dtype), plan.shape.text(), begin, begin + plan.bytes());
        begin += plan.bytes();
    }
    json += '}';
    json.resize(*CheckedSize(8 + json.size()).align_up(kDataAlignment).value() - 8, ' ');
    std::string head(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) head[i] = static_cast<char>(json.size() >> (8 * i));
    return head + json;
}

}  // namespace

Status write_safetensors(Os& os, const Path& path, std::span<const PlannedTensor> plans,
                         FunctionRef<Result<std::span<const std::byte>>(std::size_t)> bytes_at,
                         const SafetensorsMetadata& metadata, const Resume* resume) {
    const auto order = in_file_order(plans);
    auto head = safetensors_header(plans, order, metadata);
    if (!head) return prefix(path.string(), std::move(head).error());
    std::uint64_t total = head->size();
    for (const PlannedTensor& plan : plans) total += plan.bytes();
    return write_resumably(os, path, total, as_bytes(*head), resume, [&](ResumableFile& file) -> Status {
        for (const std::size_t i : order) {
            if (const auto note = file.next_kept()) {
                CRIA_TRY(resume->keep(i, *note));
                continue;
            }
            const std::span<const std::byte> bytes = CRIA_TRY(bytes_at(i));
            CRIA_ASSERT(bytes.size() == plans[i].bytes());
            CRIA_TRY(file.append(bytes));
            CRIA_TRY(file.end_piece(resume != nullptr ? resume->note() : ""));
        }
        return {};
    });
}

Status write_safetensors(Os& os, const Path& path, std::span<const NamedTensor> tensors,
                         const SafetensorsMetadata& metadata) {
    std::vector<PlannedTensor> plans;
    for (const NamedTensor& named : tensors) plans.push_back({named.name, named.tensor.dtype(), named.tensor.shape()});
    const auto bytes_at = [&](std::size_t i) -> Result<std::span<const std::byte>> {
        const Tensor& tensor = tensors[i].tensor;
        return std::span(static_cast<const std::byte*>(tensor.raw()), tensor.bytes());
    };
    return write_safetensors(os, path, plans, bytes_at, metadata);
}

}  // namespace cria

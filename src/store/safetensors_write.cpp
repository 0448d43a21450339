// Writing safetensors, tensor by tensor, without a second copy of the data in memory.
#include <algorithm>
#include <set>

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

std::vector<const NamedTensor*> in_file_order(std::span<const NamedTensor> tensors) {
    std::vector<const NamedTensor*> order;
    for (const NamedTensor& named : tensors) order.push_back(&named);
    std::stable_sort(order.begin(), order.end(), [](const NamedTensor* a, const NamedTensor* b) {
        return bytes_of(a->tensor.dtype()) > bytes_of(b->tensor.dtype());
    });
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
Result<std::string> header_for(std::span<const NamedTensor* const> order, const SafetensorsMetadata& metadata) {
    std::string json = "{";
    if (!metadata.empty()) json += "\"__metadata__\":" + CRIA_TRY(metadata_json(metadata));
    std::set<std::string_view> names = {"__metadata__"};
    std::size_t begin = 0;
    for (const NamedTensor* named : order) {
        const Tensor& tensor = named->tensor;
        if (!names.insert(named->name).second)
            return fail(ErrorKind::invalid_input, "a tensor cannot be written under the name '{}': it is taken",
                        named->name);
        const Shape& shape = tensor.shape();
        if (json.size() > 1) json += ',';
        json +=
            fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":{},\"data_offsets\":[{},{}]}}", CRIA_TRY(quoted(named->name)),
                        format_name(tensor.dtype()), shape.text(), begin, begin + tensor.bytes());
        begin += tensor.bytes();
    }
    json += '}';
    json.resize(*CheckedSize(8 + json.size()).align_up(kDataAlignment).value() - 8, ' ');
    std::string head(8, '\0');
    for (std::size_t i = 0; i < 8; ++i) head[i] = static_cast<char>(json.size() >> (8 * i));
    return head + json;
}

}  // namespace

Status write_safetensors(Os& os, const Path& path, std::span<const NamedTensor> tensors,
                         const SafetensorsMetadata& metadata) {
    const auto order = in_file_order(tensors);
    auto head = header_for(order, metadata);
    if (!head) return prefix(path.string(), std::move(head).error());
    std::uint64_t total = head->size();
    for (const NamedTensor* named : order) total += named->tensor.bytes();
    if (const std::uint64_t free = CRIA_TRY(os.free_bytes(path.parent_path())); free < total)
        return fail(ErrorKind::no_space, "{} needs {} bytes, the disk has {} left", path.string(), total, free);
    return write_atomically(os, path, [&](File& file) -> Status {
        CRIA_TRY(file.append(as_bytes(*head)));
        for (const NamedTensor* named : order)
            CRIA_TRY(file.append({static_cast<const std::byte*>(named->tensor.raw()), named->tensor.bytes()}));
        return {};
    });
}

}  // namespace cria

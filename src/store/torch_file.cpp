#include "store/torch_file.h"

#include <cstring>
#include <map>

#include "base/checked.h"
#include "store/pickle.h"
#include "store/zip.h"

namespace cria {
namespace {

using Members = std::map<std::string, std::span<const std::byte>, std::less<>>;

constexpr std::string_view kPickleName = "/data.pkl";

// The folder that all members lie in, named after the file: what stands before "/data.pkl".
Result<std::string> folder_of(const Members& members, std::string_view who) {
    for (const auto& [name, bytes] : members)
        if (name.ends_with(kPickleName)) return name.substr(0, name.size() - kPickleName.size());
    return fail(ErrorKind::corrupt, "{}: an archive, but none of PyTorch: it holds no data.pkl", who);
}

Status check_byte_order(const Members& members, const std::string& folder, std::string_view who) {
    const auto found = members.find(folder + "/byteorder");
    if (found == members.end()) return {};
    const std::string_view order(reinterpret_cast<const char*>(found->second.data()), found->second.size());
    if (order == "little") return {};
    return fail(ErrorKind::unsupported, "{}: written on a machine with the other byte order; save it anew there", who);
}

// A view of the archive, or a copy where its bytes stand at an address that their type does not allow.
Result<Tensor> tensor_of(const PickledTensor& tensor, std::span<const std::byte> bytes,
                         std::span<const std::byte> archive, const std::shared_ptr<Storage>& storage,
                         std::string_view who) {
    const std::size_t width = bytes_of(tensor.dtype);
    const CheckedSize wanted = CheckedSize(tensor.storage_elements) * width;
    if (wanted.value() != bytes.size())
        return fail(ErrorKind::corrupt, "{}: '{}' has {} bytes, its {} elements of {} need {}", who, tensor.name,
                    bytes.size(), tensor.storage_elements, name_of(tensor.dtype), wanted.value().value_or(0));
    std::byte* place =
        storage->data() + (bytes.data() - archive.data()) + static_cast<std::size_t>(tensor.offset) * width;
    if (reinterpret_cast<std::uintptr_t>(place) % width == 0) return Tensor(tensor.dtype, tensor.shape, place, storage);
    Tensor copy = Tensor::zeros(tensor.dtype, tensor.shape);
    std::memcpy(copy.raw(), place, copy.bytes());
    return copy;
}

}  // namespace

Result<std::vector<NamedTensor>> parse_torch_file(std::span<const std::byte> bytes, std::shared_ptr<const void> keeper,
                                                  std::string_view who) {
    const Members members = CRIA_TRY(read_zip(bytes, who));
    const std::string folder = CRIA_TRY(folder_of(members, who));
    CRIA_TRY(check_byte_order(members, folder, who));
    const auto pickled = CRIA_TRY(read_state_dict(members.find(folder + std::string(kPickleName))->second, who));
    const std::shared_ptr<Storage> storage = Storage::wrap(bytes, std::move(keeper));
    std::vector<NamedTensor> tensors;
    for (const PickledTensor& tensor : pickled) {
        const auto data = members.find(fmt::format("{}/data/{}", folder, tensor.storage));
        if (data == members.end())
            return fail(ErrorKind::corrupt, "{}: the bytes of '{}' are missing; is the file whole?", who, tensor.name);
        tensors.push_back({tensor.name, CRIA_TRY(tensor_of(tensor, data->second, bytes, storage, who))});
    }
    return tensors;
}

Result<std::vector<NamedTensor>> open_torch_file(Os& os, const Path& path) {
    auto mapping = CRIA_TRY(os.map(path));
    const auto bytes = mapping->bytes();
    return parse_torch_file(bytes, std::move(mapping), path.string());
}

}  // namespace cria

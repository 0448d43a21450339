// PyTorch checkpoints: files of torch.save (scripts/golden/make_torch_golden.py), pickles that want more than tensors,
// and archives that lie.
#include "store/torch_file.h"

#include <gtest/gtest.h>

#include <cstring>

#include "store/damage.h"
#include "store/pickle.h"
#include "store/zip.h"

namespace cria {
namespace {

const Path kGolden = Path(CRIA_SOURCE_DIR) / "tests/golden/torch";

std::string bytes_of_file(const char* name) { return *read_text(real_os(), kGolden / name, 1 << 20); }

Result<std::vector<NamedTensor>> parsed_torch(const std::string& text) {
    // In memory of exactly this size, so that a sanitizer sees every byte too many.
    const auto view = as_bytes(text);
    const auto bytes = std::make_shared<std::vector<std::byte>>(view.begin(), view.end());
    return parse_torch_file(*bytes, bytes, "f.pth");
}

std::string torch_complaint(const std::string& text) {
    const auto tensors = parsed_torch(text);
    return tensors ? "no torch_complaint" : tensors.error().message;
}

float element(const Tensor& tensor, std::int64_t i) {
    switch (tensor.dtype()) {
        case DType::f32: return tensor.f32()[i];
        case DType::bf16: return to_f32(tensor.data<BF16>()[i]);
        case DType::f16: return to_f32(tensor.data<F16>()[i]);
        case DType::i8: return tensor.data<std::int8_t>()[i];
        case DType::i32: return static_cast<float>(tensor.data<std::int32_t>()[i]);
    }
    return 0;
}

TEST(TorchFile, ReadsWhatPyTorchSaved) {
    const auto tensors = open_torch_file(real_os(), kGolden / "good.pth");
    ASSERT_TRUE(tensors) << tensors.error().message;
    struct Wanted {
        std::string name;
        DType dtype;
        Shape shape;
        float first, step;
    };
    const std::vector<Wanted> wanted{{"f32", DType::f32, {3, 4}, 0, 0.25f},
                                     {"tail", DType::f32, {4}, 2, 0.25f},
                                     {"bf16", DType::bf16, {2, 3}, 0, 0.25f},
                                     {"f16", DType::f16, {5}, 0, 0.25f},
                                     {"i8", DType::i8, {4}, -2, 1},
                                     {"i32", DType::i32, {3}, 0, 1},
                                     {"parameter", DType::f32, {2}, 0, 0.25f},
                                     {"scalar", DType::f32, {}, 2.5f, 0}};
    ASSERT_EQ(tensors->size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto& [name, tensor] = (*tensors)[i];
        EXPECT_EQ(name, wanted[i].name);
        ASSERT_EQ(tensor.dtype(), wanted[i].dtype) << name;
        ASSERT_EQ(tensor.shape(), wanted[i].shape) << name;
        for (std::int64_t j = 0; j < tensor.elements(); ++j)
            EXPECT_EQ(element(tensor, j), wanted[i].first + static_cast<float>(j) * wanted[i].step) << name << " " << j;
    }
}

TEST(TorchFile, RefusesCodeByNameAndRunsNothing) {
    EXPECT_EQ(torch_complaint(bytes_of_file("code.pth")),
              "f.pth: the pickle wants posix.system, which no tensor needs; it was not run");
    EXPECT_FALSE(real_os().info("it-ran"));
}

TEST(TorchFile, RefusesWhatIsNoStateDictOfContiguousTensors) {
    EXPECT_EQ(torch_complaint(bytes_of_file("strided.pth")), "f.pth: the pickle has a tensor that is not contiguous");
    EXPECT_NE(torch_complaint(bytes_of_file("nested.pth")).find("'model' of its dict is no tensor"), std::string::npos);
}

TEST(TorchFile, EveryTruncationIsNamed) {
    const std::string whole = bytes_of_file("good.pth");
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto tensors = parsed_torch(whole.substr(0, size));
        ASSERT_FALSE(tensors) << size;
        EXPECT_TRUE(tensors.error().message.starts_with("f.pth: ")) << tensors.error().message;
    }
}

TEST(TorchFile, EveryDamageIsSurvived) {
    const std::string whole = bytes_of_file("good.pth");
    for_each_damage(whole, whole.size(), [](const std::string& bytes, const std::string& what) {
        const auto tensors = parsed_torch(bytes);
        if (!tensors) {
            EXPECT_TRUE(tensors.error().message.starts_with("f.pth: ")) << what << tensors.error().message;
            return;
        }
        float sum = 0;
        for (const auto& [name, tensor] : *tensors)
            for (std::int64_t i = 0; i < tensor.elements(); ++i) sum += element(tensor, i);
        EXPECT_TRUE(sum != 1e30f) << what;
    });
}

std::string pickle_complaint(std::string_view pickle) {
    const auto tensors = read_state_dict(as_bytes(pickle), "p");
    return tensors ? "no torch_complaint" : tensors.error().message;
}

using namespace std::string_view_literals;
using namespace std::string_literals;

TEST(Pickle, BadProgramsAreNamed) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {""sv, "ends at byte 0, too soon"},
        {"\x80\x02}."sv, "no torch_complaint"},
        {"\x80\x02]."sv, "holds no state dict"},
        {"."sv, "holds no state dict"},
        {"q\1."sv, "remembers a value that is not there"},
        {"h\1."sv, "recalls value 1, which is not there"},
        {"t."sv, "lacks a mark"},
        {"\x87."sv, "takes values that are not there"},
        {"}K\1s."sv, "lacks a dict"},
        {"K\1s."sv, "takes a value that is not there"},
        {"}(K\1u."sv, "has a key without a value"},
        {"]K\1K\1s."sv, "lacks a dict"},
        {"cos\nsystem\n."sv, "wants os.system, which no tensor needs; it was not run"},
        {"\x8c\2os\x8c\6system\x93."sv, "wants os.system, which no tensor needs; it was not run"},
        {"cbuiltins\neval\n(X\1\0\0\0xtR."sv, "wants builtins.eval"},
        {"ccollections\nOrderedDict\nK\1R."sv, "calls what is no function"},
        {"ctorch\nFloatStorage\n)R."sv, "calls a storage's type"},
        {"i"sv, "has the instruction 0x69 at byte 0, which tensors do not need"},
        {"X\xff\xff\xff\xff."sv, "ends at byte 6, too soon"},
        {"\x8a\x09."sv, "has a whole number of 9 bytes"},
        {"K\1Q."sv, "has a persistent id that is no storage"},
        {"}K\1K\2s."sv, "'a key' of its dict is no tensor"},
        // A dict that holds itself.
        {"}q\1K\1h\1s."sv, "is no tensor"},
    };
    for (const auto& [pickle, words] : cases)
        EXPECT_NE(pickle_complaint(pickle).find(words), std::string::npos)
            << words << " but: " << pickle_complaint(pickle);
}

std::string tensor_pickle(std::string_view storage_elements, std::string_view offset, std::string_view sizes,
                          std::string_view strides) {
    std::string text = "}X\1"s + "\0\0\0w"s;
    text += "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpu"s;
    text += std::string(storage_elements) + "tQ" + std::string(offset) + std::string(sizes) + std::string(strides);
    return text + "tRs.";
}

TEST(Pickle, TensorsStayInsideTheirStorage) {
    EXPECT_EQ(pickle_complaint(tensor_pickle("K\x06", "K\0"sv, "K\2K\3\x86", "K\3K\1\x86")), "no torch_complaint");
    EXPECT_NE(
        pickle_complaint(tensor_pickle("K\x06", "K\1", "K\2K\3\x86", "K\3K\1\x86")).find("larger than its storage"),
        std::string::npos);
    EXPECT_NE(pickle_complaint(tensor_pickle("K\x06", "J\xff\xff\xff\xff", "K\1\x85", "K\1\x85"))
                  .find("larger than its storage"),
              std::string::npos);
    EXPECT_NE(
        pickle_complaint(tensor_pickle("K\x06", "K\0"sv, "J\xff\xff\xff\xff\x85", "K\1\x85")).find("impossible size"),
        std::string::npos);
    EXPECT_NE(pickle_complaint(tensor_pickle("K\x06", "K\0"sv, "K\1K\1\x86", "K\1\x85")).find("2 sizes and 1 strides"),
              std::string::npos);
}

TEST(Zip, ArchivesOfOtherKindsAreNamed) {
    const auto says = [](std::string text, std::string_view words) {
        const auto members = read_zip(as_bytes(text), "z");
        ASSERT_FALSE(members);
        EXPECT_NE(members.error().message.find(words), std::string::npos) << members.error().message;
    };
    const std::string whole = bytes_of_file("good.pth");
    const std::size_t member = whole.find("PK\1\2");
    ASSERT_NE(member, std::string::npos);
    says("", "too short");
    says(std::string(100, 'x'), "its directory is missing");
    std::string compressed = whole, encrypted = whole, moved = whole;
    compressed[member + 10] = 8;
    says(compressed, "is compressed");
    encrypted[member + 8] = static_cast<char>(encrypted[member + 8] | 1);
    says(encrypted, "is encrypted");
    moved[member + 42] = 1;
    says(moved, "is not where the directory says");
}

}  // namespace
}  // namespace cria

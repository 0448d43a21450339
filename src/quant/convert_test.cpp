// A model through every layout and back: the same bits.
#include "quant/convert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/os_fault.h"
#include "base/temp_folder.h"
#include "model/llama.h"
#include "model/model_files.h"
#include "quant/gguf_export.h"
#include "quant/int4_export.h"
#include "store/torch_file.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

const Path kGolden = Path(CRIA_SOURCE_DIR) / "tests/golden";

class Convert : public testing::Test {
protected:
    // The model of the golden layouts, with its tokenizer beside it.
    void SetUp() override {
        ASSERT_TRUE(real_os().make_folders(folder_ / "hf"));
        for (const char* name : {"config.json", "model.safetensors"})
            std::filesystem::copy(kGolden / "layouts/hugging_face" / name, folder_ / "hf" / name);
        std::filesystem::copy(kGolden / "tokenizer/tokenizer.json", folder_ / "hf/tokenizer.json");
    }
    Status convert(Os& os, const Path& from, const Path& to, ModelFormat format, std::optional<DType> dtype = {}) {
        const ModelFiles files = CRIA_TRY(open_model_folder(os, from));
        const auto on_tensor = [](const ExportedTensor&, double) { return true; };
        if (format == ModelFormat::gguf)
            return export_gguf(os, files, to, name_of(CRIA_TRY(source_dtype(os, files))), compute_, on_tensor);
        return convert_model(os, files, to, format, dtype, compute_, on_tensor);
    }

    TempFolder folder_;
    ThreadPool pool_{2};
    Compute compute_{pool_, best_kernels()};
};

void expect_same(const Path& a, const Path& b) {
    auto ours = Llama::load(real_os(), a, {}), theirs = Llama::load(real_os(), b, {});
    ASSERT_TRUE(ours) << ours.error().message;
    ASSERT_TRUE(theirs) << theirs.error().message;
    EXPECT_EQ(ours->config(), theirs->config());
    const auto x = ours->parameters(), y = theirs->parameters();
    ASSERT_EQ(x.size(), y.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        ASSERT_EQ(x[i].weight->value.dtype(), y[i].weight->value.dtype());
        EXPECT_EQ(std::memcmp(x[i].weight->value.raw(), y[i].weight->value.raw(), x[i].weight->value.bytes()), 0)
            << x[i].names.front();
    }
}

TEST_F(Convert, RoundTheHouseBitForBit) {
    const std::pair<Path, ModelFormat> steps[] = {{"meta", ModelFormat::meta},
                                                  {"m.gguf", ModelFormat::gguf},
                                                  {"back", ModelFormat::hugging_face},
                                                  {"meta2", ModelFormat::meta},
                                                  {"back2", ModelFormat::hugging_face}};
    Path from = folder_ / "hf";
    for (const auto& [name, format] : steps) {
        const Status done = convert(real_os(), from, folder_ / name, format);
        ASSERT_TRUE(done) << name << ": " << done.error().message;
        expect_same(folder_ / name, folder_ / "hf");
        const ModelFiles files = *open_model_folder(real_os(), folder_ / name);
        const Tokenizer tokenizer = *read_tokenizer(real_os(), files),
                        wanted = *load_tokenizer(real_os(), folder_ / "hf");
        EXPECT_EQ(tokenizer.ranks(), wanted.ranks()) << name;
        EXPECT_EQ(tokenizer.specials(), wanted.specials()) << name;
        from = folder_ / name;
    }
    // The same model gives the same file.
    for (const char* name : {"model.safetensors", "config.json"})
        EXPECT_EQ(*read_text(real_os(), folder_ / "back" / name, 1 << 24),
                  *read_text(real_os(), folder_ / "back2" / name, 1 << 24))
            << name;
}

TEST_F(Convert, TiedEmbeddingsStayTied) {
    LlamaConfig config = *read_config(real_os(), *open_model_folder(real_os(), folder_ / "hf"));
    config.tied_embeddings = true;
    config.context = 777;
    config.eos_ids = {1, 3};
    ASSERT_TRUE(Llama::random(config, 5, DType::f16, false)->save(real_os(), folder_ / "tied", DType::f16));
    std::filesystem::copy(folder_ / "hf/tokenizer.json", folder_ / "tied/tokenizer.json");
    const Status done = convert(real_os(), folder_ / "tied", folder_ / "meta", ModelFormat::meta);
    ASSERT_TRUE(done) << done.error().message;
    expect_same(folder_ / "meta", folder_ / "tied");
    const auto tensors = *open_torch_file(real_os(), folder_ / "meta/consolidated.00.pth");
    EXPECT_EQ(tensors.back().name, "output.weight") << "as in Meta's own files of tied models";
}

TEST_F(Convert, QuantisedNeedsAType) {
    const ModelFiles files = *open_model_folder(real_os(), folder_ / "hf");
    ASSERT_TRUE(export_gguf(real_os(), files, folder_ / "q.gguf", "q8_0", compute_,
                            [](const ExportedTensor&, double) { return true; }));
    const auto refused = convert(real_os(), folder_ / "q.gguf", folder_ / "x", ModelFormat::hugging_face);
    EXPECT_EQ(refused.error().kind, ErrorKind::invalid_input);
    EXPECT_NE(refused.error().message.find("--dtype"), std::string::npos) << refused.error().message;
    ASSERT_TRUE(convert(real_os(), folder_ / "q.gguf", folder_ / "x", ModelFormat::hugging_face, DType::f32));
    Llama ours = *Llama::load(real_os(), folder_ / "x", {}), theirs = *Llama::load(real_os(), folder_ / "q.gguf", {});
    const auto a = ours.parameters(), b = theirs.parameters();
    for (std::size_t i = 0; i < a.size(); ++i)
        EXPECT_EQ(std::memcmp(a[i].weight->value.raw(), b[i].weight->value.raw(), b[i].weight->value.bytes()), 0);
}

// The same numbers as in Q4_0, read back through the reader of Meta's releases.
TEST_F(Convert, Int4HasTheNumbersOfQ4) {
    const ModelFiles files = *open_model_folder(real_os(), folder_ / "hf");
    std::vector<ExportedTensor> reports;
    const auto keep = [&](const ExportedTensor& tensor, double) {
        reports.push_back(tensor);
        return true;
    };
    const Status done = write_meta_int4(real_os(), files, folder_ / "int4", compute_, keep);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(reports.size(), 3u + 2 * 9);
    for (const ExportedTensor& tensor : reports)
        EXPECT_EQ(tensor.relative_error > 0, tensor.type != "f32") << tensor.name << " " << tensor.type;
    ASSERT_TRUE(export_gguf(real_os(), files, folder_ / "q.gguf", "q4_0", compute_,
                            [](const ExportedTensor&, double) { return true; }));
    Llama ours = *Llama::load(real_os(), folder_ / "int4", {}), q4 = *Llama::load(real_os(), folder_ / "q.gguf", {}),
          original = *Llama::load(real_os(), folder_ / "hf", {.exact = true});
    const auto a = ours.parameters(), b = q4.parameters(), c = original.parameters();
    ASSERT_EQ(a.size(), c.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Tensor &x = a[i].weight->value, &y = b[i].weight->value, &z = c[i].weight->value;
        if (a[i].names.front().starts_with("model.layers.")) {
            EXPECT_EQ(std::memcmp(x.raw(), y.raw(), x.bytes()), 0) << a[i].names.front();
            continue;
        }
        for (std::int64_t row = 0; row < x.rows(); ++row) {  // embedding, head: half a step of 127 of the row's largest
            float largest = 0, error = 0;
            for (std::int64_t j = row * x.columns(); j < (row + 1) * x.columns(); ++j) {
                largest = std::max(largest, std::abs(z.f32()[j]));
                error = std::max(error, std::abs(x.f32()[j] - z.f32()[j]));
            }
            EXPECT_LE(error, largest * (0.5f / 127 + 0x1p-11f)) << a[i].names.front();
        }
    }
}

// Interrupted after some tensors, and run again: the same file and the same report as at one go.
TEST_F(Convert, GoesOnWhereItWasStopped) {
    const ModelFiles files = *open_model_folder(real_os(), folder_ / "hf");
    const auto write = [&](const Path& to, std::string_view type, std::size_t stop_at,
                           std::vector<ExportedTensor>& told) -> Status {
        const auto on_tensor = [&](const ExportedTensor& tensor, double) {
            told.push_back(tensor);
            return told.size() < stop_at;
        };
        if (type == "int4-g32") return write_meta_int4(real_os(), files, to, compute_, on_tensor);
        if (type != "bf16") return export_gguf(real_os(), files, to, type, compute_, on_tensor);
        const bool meta = to.filename().string().starts_with("meta");
        return convert_model(real_os(), files, to, meta ? ModelFormat::meta : ModelFormat::hugging_face, DType::bf16,
                             compute_, on_tensor);
    };
    for (const auto& [name, file, type] :
         {std::tuple{"meta", "consolidated.00.pth", "bf16"}, std::tuple{"st", "model.safetensors", "bf16"},
          std::tuple{"int4", "consolidated.00.pth", "int4-g32"}, std::tuple{"q.gguf", "", "q4_0"}}) {
        const auto within = [&](const Path& path) { return *file == '\0' ? path : path / file; };
        std::vector<ExportedTensor> wanted, stopped, told;
        const Path at_once = folder_ / (name + std::string("1")), later = folder_ / name;
        ASSERT_TRUE(write(at_once, type, 1000, wanted));
        ASSERT_EQ(write(later, type, wanted.size() / 2, stopped).error().kind, ErrorKind::cancelled);
        EXPECT_FALSE(real_os().info(within(later))) << "the file appears only when it is whole";
        ASSERT_TRUE(write(later, type, 1000, told)) << name;
        EXPECT_EQ(*read_text(real_os(), within(later), 1 << 26), *read_text(real_os(), within(at_once), 1 << 26))
            << name;
        ASSERT_EQ(told.size(), wanted.size());
        for (std::size_t i = 0; i < told.size(); ++i) EXPECT_EQ(to_json(told[i]), to_json(wanted[i])) << name;
    }
}

// Matrices are two tensors of the file: a run may stop between the numbers and their scales, too.
TEST_F(Convert, Int4GoesOnAfterACrash) {
    const ModelFiles files = *open_model_folder(real_os(), folder_ / "hf");
    const Path file = folder_ / "int4/consolidated.00.pth";
    std::vector<OrderedJson> told;
    const auto write = [&](Os& os) {
        told.clear();
        return write_meta_int4(os, files, folder_ / "int4", compute_, [&](const ExportedTensor& tensor, double) {
            told.push_back(to_json(tensor));
            return true;
        });
    };
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(write(healthy));
    const std::string whole = *read_text(real_os(), file, 1 << 26);
    const std::vector<OrderedJson> all = told;
    for (std::uint64_t call = 1; call <= healthy.calls(); call += 3) {
        ASSERT_TRUE(real_os().remove(folder_ / "int4"));
        FaultyOs os(real_os(), {.fail_at_call = call, .fail_ever_after = true});
        (void)write(os);
        const Status again = write(real_os());
        ASSERT_TRUE(again) << call << again.error().message;
        EXPECT_EQ(*read_text(real_os(), file, 1 << 26), whole) << call;
        EXPECT_EQ(told, all) << call;
    }
}

TEST_F(Convert, AFaultLeavesNoHalfFile) {
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(convert(healthy, folder_ / "hf", folder_ / "meta", ModelFormat::meta));
    const std::string whole = *read_text(real_os(), folder_ / "meta/consolidated.00.pth", 1 << 26);
    for (std::uint64_t call = 1; call <= healthy.calls(); call += 2) {
        ASSERT_TRUE(real_os().remove(folder_ / "meta"));
        FaultyOs os(real_os(), {.fail_at_call = call});
        (void)convert(os, folder_ / "hf", folder_ / "meta", ModelFormat::meta);
        const auto there = read_text(real_os(), folder_ / "meta/consolidated.00.pth", 1 << 26);
        EXPECT_TRUE(!there || *there == whole) << call;
    }
    FaultyOs full(real_os(), {.disk_bytes = 3000});
    EXPECT_EQ(convert(full, folder_ / "hf", folder_ / "other", ModelFormat::meta).error().kind, ErrorKind::no_space);
}

}  // namespace
}  // namespace cria

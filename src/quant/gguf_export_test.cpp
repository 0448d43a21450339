// A model written as GGUF and opened again: the same where nothing is rounded, near where it is.
#include "quant/gguf_export.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "base/os_fault.h"
#include "base/temp_folder.h"
#include "model/llama.h"
#include "model/model_files.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

const Path kGoldenModels = Path(CRIA_SOURCE_DIR) / "tests/golden";

class Export : public testing::Test {
protected:
    // The model of the golden layouts, with its tokenizer beside it.
    void SetUp() override {
        ASSERT_TRUE(real_os().make_folders(folder_ / "small"));
        for (const char* name : {"config.json", "model.safetensors"})
            std::filesystem::copy(kGoldenModels / "layouts/hugging_face" / name, folder_ / "small" / name);
        std::filesystem::copy(kGoldenModels / "tokenizer/tokenizer.json", folder_ / "small/tokenizer.json");
    }

    Status write(Os& os, const Path& from, const Path& to, std::string_view type) {
        reports_.clear();
        const ModelFiles files = CRIA_TRY(open_model_folder(os, from));
        return export_gguf(os, files, to, type, {pool_, best_kernels()}, [&](const ExportedTensor& tensor, double) {
            reports_.emplace(tensor.name, tensor);
            return true;
        });
    }

    TempFolder folder_;
    ThreadPool pool_{2};
    std::map<std::string, ExportedTensor> reports_;
};

void expect_same_weights(Llama& ours, Llama& theirs) {
    const auto a = ours.parameters(), b = theirs.parameters();
    for (std::size_t i = 0; i < b.size(); ++i) {
        const Tensor &x = a[i].weight->value, &y = b[i].weight->value;
        ASSERT_EQ(x.dtype(), y.dtype());
        EXPECT_EQ(std::memcmp(x.raw(), y.raw(), x.bytes()), 0) << b[i].names.front();
    }
}

TEST_F(Export, UnroundedComesBackBitForBit) {
    const Status written = write(real_os(), folder_ / "small", folder_ / "m.gguf", "bf16");
    ASSERT_TRUE(written) << written.error().message;
    Llama ours = *Llama::load(real_os(), folder_ / "m.gguf", {}),
          theirs = *Llama::load(real_os(), folder_ / "small", {});
    expect_same_weights(ours, theirs);
    EXPECT_EQ(ours.config(), theirs.config());
    const ModelFiles files = *open_model_folder(real_os(), folder_ / "m.gguf");
    const Tokenizer tokenizer = *read_tokenizer(real_os(), files);
    EXPECT_EQ(tokenizer.specials(), load_tokenizer(real_os(), folder_ / "small")->specials());
    for (const auto& [name, tensor] : reports_) EXPECT_EQ(tensor.relative_error, 0) << name;
    // And once more, from GGUF to GGUF: the same bytes.
    ASSERT_TRUE(write(real_os(), folder_ / "m.gguf", folder_ / "n.gguf", "BF16"));
    const GgufFile first = *open_gguf(real_os(), folder_ / "m.gguf"),
                   second = *open_gguf(real_os(), folder_ / "n.gguf");
    ASSERT_EQ(first.entries().size(), second.entries().size());
    for (const GgufEntry& entry : first.entries()) {
        const auto a = first.bytes(entry), b = second.bytes(*second.find(entry.name));
        EXPECT_TRUE(std::ranges::equal(a, b)) << entry.name;
    }
}

TEST_F(Export, MixesTypesAsLlamaCppDoes) {
    LlamaConfig config;
    config.layers = 8, config.width = 256, config.heads = 4, config.kv_heads = 2, config.head_dim = 64,
    config.ffn_width = 256;
    config.vocabulary = 1029, config.context = 512;
    const Tokenizer tokenizer = *load_tokenizer(real_os(), folder_ / "small");
    config.vocabulary = tokenizer.size() + 3;  // some ids without a token
    config.bos_id = 0, config.eos_ids = {1};
    ASSERT_TRUE(Llama::random(config, 1, DType::bf16, false)->save(real_os(), folder_ / "mid", DType::bf16));
    std::filesystem::copy(folder_ / "small/tokenizer.json", folder_ / "mid/tokenizer.json");
    const Status written = write(real_os(), folder_ / "mid", folder_ / "mid.gguf", "Q4_K_M");
    ASSERT_TRUE(written) << written.error().message;
    const std::map<std::string, std::string> wanted{
        {"token_embd.weight", "q4_k"},        {"output.weight", "q6_k"},         {"output_norm.weight", "f32"},
        {"blk.0.attn_v.weight", "q6_k"},      {"blk.1.ffn_down.weight", "q4_k"}, {"blk.3.attn_v.weight", "q6_k"},
        {"blk.3.ffn_down.weight", "q6_k"},    {"blk.7.attn_v.weight", "q6_k"},   {"blk.7.attn_q.weight", "q4_k"},
        {"blk.1.attn_output.weight", "q4_k"}, {"blk.1.attn_norm.weight", "f32"}};
    for (const auto& [name, type] : wanted) EXPECT_EQ(reports_.at(name).type, type) << name;
    EXPECT_GT(reports_.at("token_embd.weight").relative_error, 0.05);
    EXPECT_LT(reports_.at("token_embd.weight").relative_error, 0.08);
    EXPECT_LT(reports_.at("output.weight").relative_error, 0.02);
    EXPECT_TRUE(Llama::load(real_os(), folder_ / "mid.gguf", {}));
}

TEST_F(Export, RowsThatAreNoWholeBlocksTakeOtherTypes) {
    ASSERT_TRUE(write(real_os(), folder_ / "small", folder_ / "m.gguf", "q4_k_m"));  // rows of 32
    EXPECT_EQ(reports_.at("blk.0.attn_q.weight").type, "q8_0");
    ASSERT_TRUE(write(real_os(), folder_ / "small", folder_ / "m.gguf", "q4_0"));
    EXPECT_EQ(reports_.at("blk.0.attn_q.weight").type, "q4_0");
}

TEST_F(Export, NamesWhatIsWrong) {
    const auto unknown = write(real_os(), folder_ / "small", folder_ / "m.gguf", "q4_k");
    EXPECT_NE(unknown.error().message.find("'q4_k'; there are f32, f16, bf16, q8_0, q4_0, q4_k_m"), std::string::npos)
        << unknown.error().message;
    ASSERT_TRUE(real_os().remove(folder_ / "small/tokenizer.json"));
    EXPECT_EQ(write(real_os(), folder_ / "small", folder_ / "m.gguf", "q8_0").error().kind, ErrorKind::not_found);
    EXPECT_FALSE(real_os().info(folder_ / "m.gguf"));
}

TEST_F(Export, AFaultLeavesAWholeFile) {
    ASSERT_TRUE(write(real_os(), folder_ / "small", folder_ / "m.gguf", "q8_0"));
    const std::string before = *read_text(real_os(), folder_ / "m.gguf", 1 << 24);
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(write(healthy, folder_ / "small", folder_ / "other.gguf", "q4_0"));
    const std::string after = *read_text(real_os(), folder_ / "other.gguf", 1 << 24);
    for (std::uint64_t call = 1; call <= healthy.calls(); call += 3) {
        ASSERT_TRUE(write_atomically(real_os(), folder_ / "m.gguf", before));
        FaultyOs os(real_os(), {.fail_at_call = call});
        // What goes wrong with notes of an earlier run is no error, and the last calls fail when the new file is there.
        const bool written = write(os, folder_ / "small", folder_ / "m.gguf", "q4_0").has_value();
        const std::string there = *read_text(real_os(), folder_ / "m.gguf", 1 << 24);
        EXPECT_TRUE(there == after || (there == before && !written)) << call;
    }
    FaultyOs full(real_os(), {.disk_bytes = 1000});
    EXPECT_EQ(write(full, folder_ / "small", folder_ / "full.gguf", "q4_0").error().kind, ErrorKind::no_space);
}

}  // namespace
}  // namespace cria

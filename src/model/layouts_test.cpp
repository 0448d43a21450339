// One model in three layouts (scripts/golden/make_layouts_golden.py): the same weights, configuration and tokenizer.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/temp_folder.h"
#include "kernels/kernels.h"
#include "model/checkpoint.h"
#include "model/llama.h"
#include "model/model_files.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

const Path kLayoutsGolden = Path(CRIA_SOURCE_DIR) / "tests/golden/layouts";

Llama load(const Path& path) {
    auto model = Llama::load(real_os(), path, {});
    EXPECT_TRUE(model) << model.error().message;
    return std::move(*model);
}

LlamaConfig config_of(const Path& path) {
    const auto files = open_model_weights(real_os(), path);
    EXPECT_TRUE(files) << files.error().message;
    const auto config = read_config(real_os(), *files);
    EXPECT_TRUE(config) << config.error().message;
    return config.value_or(LlamaConfig());
}

TEST(Layouts, EveryOneGivesTheSameConfiguration) {
    const LlamaConfig wanted = config_of(kLayoutsGolden / "hugging_face");
    EXPECT_EQ(config_of(kLayoutsGolden / "model.gguf"), wanted);
    EXPECT_EQ(config_of(kLayoutsGolden / "blocks.gguf"), wanted);
    EXPECT_EQ(config_of(kLayoutsGolden / "meta"), wanted);
    EXPECT_EQ(wanted.rope_scaling->factor, 8.0f);
}

TEST(Layouts, EveryOneGivesTheSameWeightsBitForBit) {
    Llama wanted = load(kLayoutsGolden / "hugging_face");
    for (const char* layout : {"meta", "model.gguf"}) {
        Llama model = load(kLayoutsGolden / layout);
        const auto parameters = model.parameters(), golden = wanted.parameters();
        ASSERT_EQ(parameters.size(), golden.size());
        for (std::size_t i = 0; i < golden.size(); ++i) {
            const Tensor &ours = parameters[i].weight->value, &theirs = golden[i].weight->value;
            ASSERT_EQ(ours.dtype(), theirs.dtype()) << layout << " " << golden[i].names.front();
            ASSERT_EQ(ours.shape(), theirs.shape());
            EXPECT_EQ(std::memcmp(ours.raw(), theirs.raw(), ours.bytes()), 0)
                << layout << " " << golden[i].names.front();
        }
    }
}

// Matrices that shards hold together, by rows and by columns, are rounded and packed as whole ones are.
TEST(Layouts, ShardsArePackedAsTheWhole) {
    TempFolder temp;
    ThreadPool pool(2);
    const Compute compute{pool, best_kernels()};
    const auto rounded = [&](const char* layout) {
        std::filesystem::copy(kLayoutsGolden / layout, temp / layout, std::filesystem::copy_options::recursive);
        auto model = Llama::load(real_os(), temp / layout, {.compute = &compute, .int8 = true});
        EXPECT_TRUE(model) << model.error().message;
        return std::move(*model);
    };
    Llama whole = rounded("hugging_face"), shards = rounded("meta");
    EXPECT_TRUE(shards.packed());
    const auto wanted = whole.parameters(), found = shards.parameters();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto &theirs = wanted[i].weight->packed, &ours = found[i].weight->packed;
        ASSERT_EQ(ours.size(), theirs.size()) << wanted[i].names.front();
        for (std::size_t part = 0; part < ours.size(); ++part)
            EXPECT_EQ(std::memcmp(ours[part].bytes.raw(), theirs[part].bytes.raw(), theirs[part].bytes.bytes()), 0)
                << wanted[i].names[part];
    }
}

TEST(Layouts, BlocksBecomeNumbersNearTheOriginal) {
    Llama wanted = load(kLayoutsGolden / "hugging_face"), model = load(kLayoutsGolden / "blocks.gguf");
    const auto parameters = model.parameters(), golden = wanted.parameters();
    for (std::size_t i = 0; i < golden.size(); ++i) {
        const Tensor &ours = parameters[i].weight->value, &theirs = golden[i].weight->value;
        ASSERT_EQ(ours.dtype(), DType::f32);
        float largest = 0, error = 0;
        for (std::int64_t j = 0; j < ours.elements(); ++j) {
            const float original = theirs.dtype() == DType::f32 ? theirs.f32()[j] : to_f32(theirs.data<BF16>()[j]);
            largest = std::max(largest, std::abs(original));
            error = std::max(error, std::abs(ours.f32()[j] - original));
        }
        // Half a step of 127 for the largest of a block, and the rounding of its scale to f16.
        EXPECT_LE(error, largest * (0.5f / 127 + 0x1p-11f)) << golden[i].names.front();
        EXPECT_TRUE(golden[i].shape.rank() == 1 || error > 0);
    }
}

TEST(Layouts, SizesAreThoseInMemory) {
    const auto sizes_of = [](const char* layout) {
        const ModelFiles files = *open_model_weights(real_os(), kLayoutsGolden / layout);
        return Checkpoint::open(real_os(), files, *read_config(real_os(), files))->sizes(0);
    };
    const auto parameters = static_cast<std::uint64_t>(config_of(kLayoutsGolden / "meta").parameters());
    const std::uint64_t norms = 5 * 32;
    EXPECT_EQ(sizes_of("hugging_face").loaded, 2 * parameters);
    EXPECT_EQ(sizes_of("model.gguf").loaded, 2 * parameters + 2 * norms);  // norms are f32 there
    EXPECT_EQ(sizes_of("blocks.gguf").loaded, 4 * parameters);
    EXPECT_EQ(sizes_of("blocks.gguf").by_type.at("q8_0"), (parameters - norms) / 32 * 34);
    const auto rounded_size = [](const char* layout) {
        const ModelFiles files = *open_model_weights(real_os(), kLayoutsGolden / layout);
        Checkpoint checkpoint = *Checkpoint::open(real_os(), files, *read_config(real_os(), files));
        checkpoint.round_to(BlockType::q8_0);
        return checkpoint.sizes(16).loaded;
    };
    EXPECT_EQ(rounded_size("meta"), rounded_size("hugging_face") + 2 * norms);  // each of two shards has the norms
}

TEST(Layouts, AGgufFileBringsItsTokenizer) {
    const ModelFiles files = *open_model_folder(real_os(), kLayoutsGolden / "model.gguf");
    const auto ours = read_tokenizer(real_os(), files);
    ASSERT_TRUE(ours) << ours.error().message;
    const Tokenizer theirs =
        *load_tokenizer(real_os(), Path(CRIA_SOURCE_DIR) / "tests/golden/tokenizer/tokenizer.json");
    EXPECT_EQ(ours->ranks(), theirs.ranks());
    EXPECT_EQ(ours->specials(), theirs.specials());
}

TEST(Layouts, AMissingShardIsNamed) {
    const TempFolder folder;
    for (const char* name : {"params.json", "consolidated.00.pth"})
        std::filesystem::copy(kLayoutsGolden / "meta" / name, folder / name);
    const auto model = Llama::load(real_os(), folder.path(), {});
    ASSERT_FALSE(model);
    EXPECT_NE(model.error().message.find("'model.embed_tokens.weight' is ["), std::string::npos)
        << model.error().message;
    ASSERT_TRUE(real_os().remove(folder / "consolidated.00.pth"));
    EXPECT_EQ(Llama::load(real_os(), folder.path(), {}).error().kind, ErrorKind::not_found);
}

TEST(Layouts, ImpossibleParamsAreNamed) {
    const TempFolder folder;
    std::filesystem::copy(kLayoutsGolden / "meta/consolidated.00.pth", folder / "consolidated.00.pth");
    const std::string good = *read_text(real_os(), kLayoutsGolden / "meta/params.json", 1 << 16);
    const auto complaint = [&](std::string_view from, std::string_view to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        EXPECT_TRUE(write_atomically(real_os(), folder / "params.json", text));
        const auto config = read_config(real_os(), *open_model_weights(real_os(), folder.path()));
        return config ? "no complaint" : config.error().message;
    };
    const auto says = [&](std::string_view from, std::string_view to, std::string_view words) {
        const std::string text = complaint(from, to);
        EXPECT_NE(text.find(words), std::string::npos) << text;
    };
    says("\"dim\"", "\"dmi\"", "dim is missing");
    says("\"dim\": 32", "\"dim\": 0", "dim is 0");
    says("\"dim\": 32", "\"dim\": 1e300", "dim is 1e+300");
    says("\"dim\": 32", "\"dim\": \"32\"", "dim is no number");
    says("\"dim\": 32", "\"dim\": 33", "no multiple of the 4 heads");
    says("\"multiple_of\": 32", "\"multiple_of\": 16777216", "intermediate_size");
    says("1.1", "-1", "intermediate_size");
    says("1.1", "1e300", "intermediate_size");
    says("{", "{\"quantization_args\": {}, ", "quantization_args has the scheme ''");
    says("{", "[{", "not JSON");
}

}  // namespace
}  // namespace cria

// Names of models, and which files of a repository make up one.
#include "store/hub.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

TEST(Catalogue, NamesPeopleType) {
    const auto repository = [](std::string_view name) {
        const CatalogueModel* model = find_in_catalogue(name);
        return model == nullptr ? std::string_view("none") : model->repository;
    };
    EXPECT_EQ(repository("llama3.2"), "meta-llama/Llama-3.2-3B-Instruct");
    EXPECT_EQ(repository("llama3.2:latest"), "meta-llama/Llama-3.2-3B-Instruct");
    EXPECT_EQ(repository("llama3.2:1b"), "meta-llama/Llama-3.2-1B-Instruct");
    EXPECT_EQ(repository("LLAMA3.2:1B-instruct"), "meta-llama/Llama-3.2-1B-Instruct");
    EXPECT_EQ(repository("llama3.2:1b-text"), "meta-llama/Llama-3.2-1B");
    EXPECT_EQ(repository("llama3.2:1b-base"), "meta-llama/Llama-3.2-1B");
    EXPECT_EQ(repository("Llama3.2-1B"), "meta-llama/Llama-3.2-1B");
    EXPECT_EQ(repository("Llama-3.2-1B"), "meta-llama/Llama-3.2-1B");
    EXPECT_EQ(repository("meta-llama/llama-3.2-1b"), "meta-llama/Llama-3.2-1B");
    EXPECT_EQ(repository("llama-guard3:1b"), "meta-llama/Llama-Guard-3-1B");
    EXPECT_EQ(repository("llama3.2-vision"), "meta-llama/Llama-3.2-11B-Vision-Instruct");
    EXPECT_EQ(repository("llama3.2:4b"), "none");
    EXPECT_EQ(repository("demo"), "none");
    EXPECT_EQ(repository(""), "none");
}

TEST(Catalogue, NamesAreUnique) {
    for (const CatalogueModel& model : catalogue()) {
        EXPECT_EQ(find_in_catalogue(model.descriptor), &model);
        EXPECT_EQ(find_in_catalogue(model.repository), &model);
        EXPECT_EQ(find_in_catalogue(folder_name(model)), &model);
        EXPECT_EQ(find_in_catalogue(fmt::format("{}:{}", model.family, model.tag)), &model);
    }
}

TEST(HubName, Forms) {
    const auto is = [](std::string_view text, const HubName& wanted) {
        const auto name = parse_hub_name(text);
        ASSERT_TRUE(name) << name.error().message;
        EXPECT_EQ(name->repository + "|" + name->revision + "|" + name->pick,
                  wanted.repository + "|" + wanted.revision + "|" + wanted.pick);
    };
    is("a/b", {"a/b", "main", ""});
    is("a/b@v1.0", {"a/b", "v1.0", ""});
    is("hf.co/a/b:Q4_K_M", {"a/b", "main", "Q4_K_M"});
    is("HF.co/a/b:Q4_K_M@dev", {"a/b", "dev", "Q4_K_M"});
    is("https://huggingface.co/a/b/", {"a/b", "main", ""});
    is("https://huggingface.co/a/b/blob/main/x-Q8_0.gguf", {"a/b", "main", "x-Q8_0.gguf"});
    is("https://huggingface.co/a/b/resolve/v2/x.gguf", {"a/b", "v2", "x.gguf"});
    is("hf.co/a/b/x.gguf", {"a/b", "main", "x.gguf"});
    for (const char* text :
         {"", "a", "a/", "/b", "a/b c", "a/../b", "../b", "a/b@", "a/b:", "a/b/c", "a/b:../x", "a\nb/c"}) {
        const auto name = parse_hub_name(text);
        const bool harmless = name && name->repository == "a/b" && name->pick.empty();  // an empty type or revision
        EXPECT_TRUE(!name || harmless) << text;
    }
    EXPECT_NE(parse_hub_name("llama3.2:1c").error().message.find("did you mean"), std::string::npos);
}

}  // namespace
}  // namespace cria

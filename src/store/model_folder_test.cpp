#include "store/model_folder.h"

#include <gtest/gtest.h>

#include "base/os_fault.h"
#include "base/temp_folder.h"

namespace cria {
namespace {

void put_file(const Path& path, std::string_view text = "{}") {
    ASSERT_TRUE(real_os().make_folders(path.parent_path()));
    ASSERT_TRUE(write_atomically(real_os(), path, text));
}

void put_model(const Path& folder) {
    for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) put_file(folder / name);
}

// The error of opening `folder` must be of this kind and hold this text.
void expect_folder_refused(const Path& folder, ErrorKind kind, std::string_view says) {
    const auto files = open_model_folder(real_os(), folder);
    ASSERT_FALSE(files) << says;
    EXPECT_EQ(files.error().kind, kind) << files.error().message;
    EXPECT_NE(files.error().message.find(says), std::string::npos) << files.error().message;
}

TEST(ModelFolder, FindsAllPieces) {
    TempFolder folder;
    put_model(folder.path());
    auto files = *open_model_folder(real_os(), folder.path());
    EXPECT_EQ(files.folder, folder.path());
    EXPECT_EQ(files.config, folder / "config.json");
    EXPECT_EQ(files.tokenizer, folder / "tokenizer.json");
    EXPECT_EQ(files.weights, std::vector{folder / "model.safetensors"});
    EXPECT_FALSE(files.generation_config);

    put_file(folder / "generation_config.json");
    ASSERT_TRUE(real_os().remove(folder / "tokenizer.json"));
    put_file(folder / "original/tokenizer.model");
    files = *open_model_folder(real_os(), folder.path());
    EXPECT_EQ(files.tokenizer, folder / "original/tokenizer.model");
    EXPECT_EQ(files.generation_config, folder / "generation_config.json");

    put_file(folder / "other.safetensors");
    EXPECT_EQ(open_model_folder(real_os(), folder / "other.safetensors")->weights,
              std::vector{folder / "other.safetensors"});
}

TEST(ModelFolder, NamesWhatIsMissing) {
    TempFolder folder;
    expect_folder_refused(folder / "absent", ErrorKind::not_found, "absent");
    expect_folder_refused(folder.path(), ErrorKind::not_found, "config.json");
    put_file(folder / "config.json");
    expect_folder_refused(folder.path(), ErrorKind::not_found, "model.safetensors");
    put_file(folder / "model.safetensors");
    expect_folder_refused(folder.path(), ErrorKind::not_found, "tokenizer.json");
    expect_folder_refused(folder / "config.json", ErrorKind::invalid_input, "folder");
}

TEST(ModelFolder, ReadsAnIndexOfShards) {
    TempFolder folder;
    put_model(folder.path());
    ASSERT_TRUE(real_os().remove(folder / "model.safetensors"));
    const Path index = folder / "model.safetensors.index.json";
    put_file(index, R"({"metadata": {"total_size": 4}, "weight_map": {"c": "m2.st", "a": "m1.st", "b": "m2.st"}})");
    expect_folder_refused(folder.path(), ErrorKind::not_found, "m1.st");
    put_file(folder / "m1.st");
    expect_folder_refused(folder.path(), ErrorKind::not_found, "m2.st");
    put_file(folder / "m2.st");
    EXPECT_EQ(open_model_folder(real_os(), folder.path())->weights, (std::vector{folder / "m1.st", folder / "m2.st"}));

    for (const char* text :
         {"", "{", "[]", "1", "{}", R"({"weight_map": 1})", R"({"weight_map": {}})", R"({"weight_map": {"a": 1}})",
          R"({"weight_map": {"a": ""}})", R"({"weight_map": {"a": ".."}})", R"({"weight_map": {"a": "../m1.st"}})",
          R"({"weight_map": {"a": "/etc/passwd"}})"}) {
        put_file(index, text);
        expect_folder_refused(folder.path(), ErrorKind::corrupt, "model.safetensors.index.json");
    }
}

TEST(ModelFolder, AProgramIsTheModelOfAFolderOfMetas) {
    TempFolder folder;
    put_file(folder / "model.pte");
    expect_folder_refused(folder / "model.pte", ErrorKind::not_found, "no params.json, which model.pte needs");
    put_file(folder / "params.json");
    put_file(folder / "tokenizer.model");
    for (const Path& path : {folder.path(), folder / "model.pte"}) {
        const auto files = *open_model_folder(real_os(), path);
        EXPECT_EQ(files.format, ModelFormat::executorch);
        EXPECT_EQ(files.config, folder / "params.json");
        EXPECT_EQ(files.weights, std::vector{folder / "model.pte"});
        EXPECT_EQ(files.tokenizer, folder / "tokenizer.model");
    }
    put_file(folder / "other.pte");
    expect_folder_refused(folder.path(), ErrorKind::invalid_input, "has 2 programs; name one of them");
    EXPECT_EQ(open_model_folder(real_os(), folder / "other.pte")->weights, std::vector{folder / "other.pte"});
    put_file(folder / "consolidated.00.pth");
    EXPECT_EQ(open_model_folder(real_os(), folder.path())->format, ModelFormat::meta);
}

TEST(ModelFolder, MetaFoldersHaveShards) {
    TempFolder folder;
    put_file(folder / "params.json");
    expect_folder_refused(folder.path(), ErrorKind::not_found, "consolidated");
    for (const char* name : {"consolidated.01.pth", "consolidated.00.pth", "other.pth"}) put_file(folder / name);
    expect_folder_refused(folder.path(), ErrorKind::not_found, "tokenizer.model");
    put_file(folder / "tokenizer.model");
    const ModelFiles files = *open_model_folder(real_os(), folder.path());
    EXPECT_EQ(files.format, ModelFormat::meta);
    EXPECT_EQ(files.weights, (std::vector{folder / "consolidated.00.pth", folder / "consolidated.01.pth"}));
    EXPECT_EQ(files.config, folder / "params.json");
}

TEST(ModelFolder, GgufFilesMayBeSplit) {
    TempFolder folder;
    const Path first = folder / "m/x-00001-of-00003.gguf", second = folder / "m/x-00002-of-00003.gguf";
    put_file(first);
    put_file(folder / "m/x-00003-of-00003.gguf");
    expect_folder_refused(folder / "m", ErrorKind::not_found, "x-00002-of-00003.gguf");
    put_file(second);
    const ModelFiles files = *open_model_folder(real_os(), folder / "m");
    EXPECT_EQ(files.format, ModelFormat::gguf);
    EXPECT_EQ(files.weights, (std::vector{first, second, folder / "m/x-00003-of-00003.gguf"}));
    EXPECT_FALSE(files.tokenizer);
    EXPECT_EQ(open_model_folder(real_os(), first)->weights.size(), 3u);
    EXPECT_EQ(*find_model(real_os(), "m", std::vector{folder.path()}), folder / "m");
    put_file(folder / "m/y.gguf");
    expect_folder_refused(folder / "m", ErrorKind::invalid_input, "2 GGUF files");
    EXPECT_EQ(open_model_folder(real_os(), folder / "m/y.gguf")->weights, std::vector{folder / "m/y.gguf"});
}

TEST(ModelFolder, IsFoundByNameAndByPath) {
    TempFolder folder;
    put_model(folder / "first/demo");
    put_model(folder / "second/demo");
    put_model(folder / "second/maker/small");
    const std::vector<Path> search = {folder / "absent", folder / "first", folder / "second"};
    EXPECT_EQ(*find_model(real_os(), "demo", search), folder / "first/demo");
    EXPECT_EQ(*find_model(real_os(), "maker/small", search), folder / "second/maker/small");
    const std::string path = (folder / "second/demo").string();
    EXPECT_EQ(*find_model(real_os(), path, search), path);
    EXPECT_EQ(*find_model(real_os(), path, {}), path);

    const auto refused = find_model(real_os(), "dmeo", search);
    EXPECT_EQ(refused.error().kind, ErrorKind::not_found);
    EXPECT_NE(refused.error().message.find("did you mean 'demo'?"), std::string::npos) << refused.error().message;
    EXPECT_NE(find_model(real_os(), "llama", search).error().message.find("cria list"), std::string::npos);
    EXPECT_EQ(find_model(real_os(), "./demo", search).error().kind, ErrorKind::not_found);
    EXPECT_EQ(find_model(real_os(), "", search).error().kind, ErrorKind::invalid_input);
    EXPECT_EQ(find_model(real_os(), std::string_view("a\0b", 3), search).error().kind, ErrorKind::invalid_input);
}

TEST(ModelFolder, ListsModels) {
    TempFolder folder;
    put_model(folder / "first/demo");
    put_model(folder / "second/demo");
    put_model(folder / "second/alpha");
    put_file(folder / "second/notes/readme");
    put_file(folder / "second/file");
    const auto models =
        *list_models(real_os(), std::vector<Path>{folder / "first", folder / "absent", folder / "second"});
    ASSERT_EQ(models.size(), 2u);
    EXPECT_EQ(models[0].name, "alpha");
    EXPECT_EQ(models[1].name, "demo");
    EXPECT_EQ(models[1].folder, folder / "first/demo");
    EXPECT_EQ(models[1].bytes, 6u);
    EXPECT_GT(models[1].modified_unix_s, 1'600'000'000);
}

TEST(ModelFolder, FailsCleanlyAtEveryCall) {
    TempFolder folder;
    put_model(folder / "demo");
    const std::vector<Path> search = {folder.path()};
    FaultyOs healthy(real_os(), {});
    ASSERT_TRUE(open_model_folder(healthy, *find_model(healthy, "demo", search)));
    for (std::uint64_t call = 1; call <= healthy.calls(); ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call});
        const auto path = find_model(os, "demo", search);
        const auto files = path ? open_model_folder(os, *path) : std::unexpected(path.error());
        ASSERT_FALSE(files) << call;
        EXPECT_EQ(files.error().kind, ErrorKind::io);
    }
}

}  // namespace
}  // namespace cria

// cria ps from outside: what other processes hold, also those that were killed.
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/temp_folder.h"
#include "child.h"
#include "engine/tiny_model.h"

namespace cria {
namespace {

class Ps : public testing::Test {
protected:
    void SetUp() override { write_tiny_model(folder_ / "tiny", {.says = letters("Hi you!")}); }
    std::vector<std::string> environment(const Path& runtime) const {
        return {"CRIA_MODELS=" + folder_.path().string(), "XDG_RUNTIME_DIR=" + runtime.string(), "NO_COLOR=1"};
    }
    Ended cria(std::vector<std::string> arguments, const Path& runtime) const {
        return run_child({.arguments = std::move(arguments), .environment = environment(runtime)});
    }
    Ended cria(std::vector<std::string> arguments) const { return cria(std::move(arguments), folder_.path()); }
    Json list() const { return parse_json(cria({"ps", "--json"}).out, "ps").value_or(Json()); }
    std::size_t files() const { return real_os().list(folder_ / "cria")->size(); }

    TempFolder folder_;
};

TEST_F(Ps, ListsWhatIsHeldUntilItsProcessIsKilled) {
    auto held = std::make_unique<TerminalChild>(
        Child{.arguments = {"run", "tiny", "--draft-model", "tiny"}, .environment = environment(folder_.path())});
    ASSERT_TRUE(held->read_until(">>> ", std::chrono::minutes(2)));
    const Json models = list(), shown = *parse_json(cria({"show", "tiny", "--json"}).out, "show");
    ASSERT_EQ(models.size(), 2u) << models;
    for (const Json& model : models) {
        EXPECT_EQ(model["name"], "tiny");
        EXPECT_EQ(model["command"], "run");
        EXPECT_EQ(model["pid"], models[0]["pid"]);
        EXPECT_EQ(model["context"], shown["context"]);
        EXPECT_EQ(model["size"], shown["weights"].get<int>() + shown["kv"].get<int>());
    }
    const Ended table = cria({"ps"});
    EXPECT_TRUE(table.out.starts_with("NAME")) << table.out;
    EXPECT_NE(table.out.find("\ntiny "), std::string::npos) << table.out;
    EXPECT_NE(table.out.find(fmt::format(" {} ", models[0]["pid"].get<int>())), std::string::npos) << table.out;
    EXPECT_EQ(table.err, "");

    held.reset();  // kill -9
    EXPECT_EQ(files(), 2u) << "they could not be taken back";
    const Ended none = cria({"ps"});
    EXPECT_EQ(none.code, 0);
    EXPECT_EQ(none.err, "cria: no process of yours holds a model\n");
    EXPECT_EQ(files(), 0u);
    EXPECT_EQ(list(), Json::array());
}

TEST_F(Ps, WhoEndsLeavesNothing) {
    EXPECT_EQ(cria({"run", "tiny", "--temperature", "0", "Hello"}).code, 0);
    EXPECT_EQ(files(), 0u);
}

TEST_F(Ps, WhereNobodyCanBeToldTheModelWorksAllTheSame) {
    const Ended ended = cria({"run", "tiny", "--temperature", "0", "Hello"}, "/dev/null");
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, "Hi you!\n");
    EXPECT_EQ(ended.err, "");
}

TEST_F(Ps, DamagedFilesAreNamed) {
    ASSERT_TRUE(real_os().make_folders(folder_ / "cria"));
    ASSERT_TRUE(write_atomically(real_os(), folder_ / "cria/1-1.json", "{\"name\": "));
    const Ended ended = cria({"ps", "--json"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, "[]\n");
    EXPECT_TRUE(ended.err.starts_with("cria: passed over: ")) << ended.err;
    EXPECT_NE(ended.err.find("1-1.json"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace cria

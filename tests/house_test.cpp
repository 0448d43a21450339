// The rules of the house: each one sees a file that breaks it, and the tree breaks none.
#include <gtest/gtest.h>

#include "base/os.h"
#include "house_rules.h"

namespace cria::house {
namespace {

SourceFile file(std::string path, std::string text) { return {std::move(path), std::move(text)}; }

// The findings must be one, with this text.
void expect_one(const Findings& findings, std::string_view says) {
    ASSERT_EQ(findings.size(), 1u) << (findings.empty() ? "nothing was found" : findings[1]);
    EXPECT_NE(findings[0].find(says), std::string::npos) << findings[0];
}

std::string repeated(std::string_view line, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += line;
    return text;
}

TEST(HouseRules, Floors) {
    const auto includes = [](const char* from, const char* what) {
        return check_includes(file(from, std::string("// x\n#include \"") + what + "\"\n"));
    };
    EXPECT_TRUE(includes("src/ops/a.cpp", "kernels/kernels.h").empty());
    EXPECT_TRUE(includes("src/ops/a.cpp", "ops/b.h").empty());
    EXPECT_TRUE(includes("src/chat/a.cpp", "text/tokenizer.h").empty());  // an arrow
    EXPECT_TRUE(includes("src/cli/a.cpp", "train/trainer.h").empty());
    expect_one(includes("src/base/os.cpp", "tensor/tensor.h"), "src/base/os.cpp:2: base (floor 0) includes tensor");
    expect_one(includes("src/text/a.cpp", "chat/message.h"), "only lower floors");  // against the arrow
    expect_one(includes("src/store/a.h", "ops/ops.h"), "only lower floors");
    expect_one(includes("src/engine/a.h", "train/trainer.h"), "only lower floors");
    expect_one(includes("src/train/a.h", "engine/session.h"), "only lower floors");
    expect_one(includes("src/model/a.cpp", "engine/session.h"), "only lower floors");
    expect_one(includes("src/chat/a.cpp", "message.h"), "room/file.h");
    expect_one(includes("src/chat/a.cpp", "../text/a.h"), "room/file.h");
    expect_one(check_includes(file("src/attic/a.cpp", "")), "no floor");
}

TEST(HouseRules, Cycles) {
    EXPECT_TRUE(check_cycles({file("src/a/a.h", "#include \"a/b.h\"\n"), file("src/a/b.h", "")}).empty());
    EXPECT_EQ(check_cycles({file("src/a/a.h", "#include \"a/b.h\"\n"), file("src/a/b.h", "#include \"a/c.h\"\n"),
                            file("src/a/c.h", "#include \"a/a.h\"\n"), file("src/a/d.h", "")})
                  .size(),
              3u);
}

TEST(HouseRules, Calls) {
    const auto calls = [](const char* path, const char* text) { return check_calls(file(path, text)); };
    for (const char* bad :
         {"auto x = std::getenv(\"HOME\");", "void f() { throw 1; }", "std::abort();", "std::terminate();",
          "std::ifstream in(path);", "fopen(path, mode);", "std::random_device seed;", "std::mt19937 r;",
          "const auto t = std::chrono::steady_clock::now();", "std::chrono::system_clock::now();"})
        expect_one(calls("src/ops/a.cpp", bad), "src/ops/a.cpp:1: '");
    EXPECT_TRUE(calls("src/cli/environment.cpp", "std::getenv(\"HOME\");").empty());
    EXPECT_TRUE(calls("src/ops/a_test.cpp", "std::abort();").empty());
    for (const char* fine :
         {"// never throw\n", "/* abort */", "log(\"throw\");", "R\"(throw)\"", "int throw_away;", "'\"'; x();"})
        EXPECT_TRUE(calls("src/ops/a.cpp", fine).empty()) << fine;
}

TEST(HouseRules, Layout) {
    const auto layout = [](const std::string& text) { return check_layout(file("src/a/a.cpp", text)); };
    EXPECT_TRUE(layout(repeated("int x;\n", 800)).empty());
    expect_one(layout(repeated("int x;\n", 801)), "801 lines");
    EXPECT_TRUE(layout("//" + repeated("é", 118) + "\n").empty());
    expect_one(layout("//" + repeated("é", 119) + "\n"), "121 columns");
    expect_one(layout("int " + repeated("x", 117) + ";\n"), "122 columns");
    EXPECT_TRUE(layout("f(\"" + repeated("long words ", 20) + "\");\n").empty());
    expect_one(layout("f(\"x\");  // " + repeated("long words ", 20) + "\n"), "columns");
    expect_one(layout("\tint x;\n"), "a tab");
    expect_one(layout("int x;\r\n"), "carriage return");
    expect_one(check_layout(file("src/a/a.h", "int x;\n")), "#pragma once");
}

TEST(HouseRules, FunctionLength) {
    const auto functions = [](const std::string& text) { return check_functions(file("src/a/a.cpp", text)); };
    const std::string body = repeated("    g();\n", 68);
    EXPECT_TRUE(functions("void f() {\n" + body + "}\n").empty());
    expect_one(functions("void f() {\n" + body + "    g();\n}\n"), "src/a/a.cpp:1: a function of 71 lines");
    expect_one(
        functions("namespace a {\nclass B {\n    int f(int x = 3) const {\n" + body + "if (a) { b(); }\n}\n};\n}\n"),
        "src/a/a.cpp:3: a function of 71 lines");
    expect_one(functions("A::A(int x) : a_{x}, b_(y) {\n" + body + "    g();\n}\n"), "71 lines");
    expect_one(functions("#include <a>\n\nbool operator==(A, B) {\n" + body + "    g();\n}\n"), "a.cpp:3: ");
    EXPECT_TRUE(functions("namespace a {\n" + repeated("int f() { return 1; }\n", 100) + "}\n").empty());
    EXPECT_TRUE(functions("struct A {\n" + repeated("    int x;\n", 100) + "};\n").empty());
    EXPECT_TRUE(functions("const int table[] = {\n" + repeated("    1,\n", 100) + "};\n").empty());
    EXPECT_TRUE(functions("auto words() {\n    return {\n" + repeated("    \"a\", \"b\",\n", 100) + "};\n}\n").empty());
    EXPECT_TRUE(functions("const auto s = R\"({{{)\";\nvoid f() {\n" + body + "}\n").empty());
}

TEST(HouseRules, Words) {
    const auto words = [](const std::string& text) { return check_words(file("docs/a.md", text)); };
    expect_one(words(std::string("a\n// TO") + "DO later"), "docs/a.md:2: ");
    expect_one(words(std::string("FIX") + "ME"), "no place");
    expect_one(words(std::string("/hom") + "e/somebody/file"), "no place");
    expect_one(words(std::string("pip install --index") + "-url x"), "no place");
    expect_one(words(std::string("see http:") + "//mirror.example.net:8080/simple"), "mirror.example.net");
    EXPECT_TRUE(words("https://huggingface.co/docs and <https://arxiv.org/abs/1>").empty());
}

// ---- The tree itself ----

bool is_text(const Path& path) {
    static const std::set<std::string> kEndings = {".h",     ".cpp",  ".py",   ".md", ".txt",
                                                   ".cmake", ".yaml", ".json", ".sh", ""};
    return kEndings.contains(path.extension().string());
}

void collect(const Path& folder, std::vector<SourceFile>& files) {
    const auto paths = real_os().list(folder);
    ASSERT_TRUE(paths) << paths.error().message;
    for (const Path& path : *paths) {
        const auto info = real_os().info(path);
        if (info && info->is_folder) {
            collect(path, files);
        } else if (is_text(path)) {
            auto text = read_text(real_os(), path, 64 << 20);
            ASSERT_TRUE(text) << text.error().message;
            if (text->find('\0') == text->npos)
                files.push_back({path.lexically_relative(CRIA_SOURCE_DIR).generic_string(), std::move(*text)});
        }
    }
}

std::vector<SourceFile> tree() {
    std::vector<SourceFile> files;
    const Path root = CRIA_SOURCE_DIR;
    for (const char* folder : {"src", "tests", "fuzz", "scripts", "cmake", "docs", "bench", "recipes", ".ci"})
        if (real_os().info(root / folder)) collect(root / folder, files);
    for (const char* name : {"README.md", "ARCHITECTURE.md", "HACKING.md", "CMakeLists.txt", "CMakePresets.json"})
        if (auto text = read_text(real_os(), root / name, 1 << 20)) files.push_back({name, std::move(*text)});
    return files;
}

TEST(House, BreaksNoRule) {
    const auto files = tree();
    EXPECT_GT(files.size(), 50u);
    for (const SourceFile& source : files)
        for (const std::string& finding : check_file(source)) ADD_FAILURE() << finding;
    for (const std::string& finding : check_cycles(files)) ADD_FAILURE() << finding;
}

}  // namespace
}  // namespace cria::house

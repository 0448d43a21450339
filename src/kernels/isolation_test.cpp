// A function that several files define as inline is linked once, from any of them. If one of those files is compiled
// for AVX-512, the whole program may get the AVX-512 form, and fail on other processors. So the files of the vector
// tables must define nothing that the linker may take for others.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <sstream>
#include <string>

namespace cria {
namespace {

// Lines of `nm` that define code or data for the linker to merge.
std::string mergeable_symbols(const std::string& object) {
    const std::string command = std::string(CRIA_NM) + " --demangle --defined-only '" + object + "'";
    const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
    if (output == nullptr) return "cannot run " + command;
    std::string found;
    int symbols = 0;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), output.get()) != nullptr) {
        ++symbols;
        const std::string text = line.data();
        for (const char* kind : {" W ", " w ", " V ", " v ", " u "})
            if (text.find(kind) != std::string::npos) found += text;
    }
    return symbols == 0 ? "no symbols from " + command : found;
}

TEST(Isolation, VectorTablesKeepTheirCodeToThemselves) {
    std::istringstream objects(CRIA_KERNEL_OBJECTS);
    int tables = 0;
    for (std::string object; objects >> object;) {
        const std::string name = object.substr(object.rfind('/') + 1);
        if (!name.starts_with("avx") && !name.starts_with("neon")) continue;
        ++tables;
        EXPECT_EQ(mergeable_symbols(object), "") << name;
    }
    EXPECT_GE(tables, 1);
}

}  // namespace
}  // namespace cria

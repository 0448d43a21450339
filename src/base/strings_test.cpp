#include "base/strings.h"

#include <gtest/gtest.h>

namespace cria {
namespace {

TEST(Strings, Trimmed) {
    EXPECT_EQ(trimmed(" \t\r\n\v\fa b\n"), "a b");
    EXPECT_EQ(trimmed(" \n "), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(Strings, LowerAscii) { EXPECT_EQ(lower_ascii("Llama-3.2 ÄÖ Z@["), "llama-3.2 ÄÖ z@["); }

TEST(Strings, Split) {
    using Parts = std::vector<std::string_view>;
    EXPECT_EQ(split("a/b//c/", '/'), (Parts{"a", "b", "", "c", ""}));
    EXPECT_EQ(split("abc", '/'), Parts{"abc"});
    EXPECT_EQ(split("", '/'), Parts{""});
}

}  // namespace
}  // namespace cria

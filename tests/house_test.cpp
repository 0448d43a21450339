// Rules of the house, checked on the sources: floors, file sizes, where the environment is read.
#include <gtest/gtest.h>

TEST(House, Placeholder) {}

// Programs of ExecuTorch: one that the package executorch 0.5.0 wrote (scripts/golden/make_executorch_golden.py), every
// damage of it, and lies; and one made by hand, with named data.
#include "store/executorch_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "store/damage.h"
#include "store/executorch_fixture.h"

namespace cria {
namespace {

std::string tiny() {
    return *read_text(real_os(), Path(CRIA_SOURCE_DIR) / "tests/golden/executorch/tiny.pte", 1 << 20);
}

Result<ExecutorchProgram> parsed_program(std::string bytes) {
    const auto keeper = std::make_shared<std::string>(std::move(bytes));
    return parse_executorch(std::as_bytes(std::span(*keeper)), keeper, "f.pte");
}

const ExecutorchOperation* find(const ExecutorchProgram& program, std::string_view name) {
    const auto found = std::ranges::find(program.operations, name, &ExecutorchOperation::name);
    return found == program.operations.end() ? nullptr : &*found;
}

TEST(ExecutorchFile, GivesOperationsAndConstants) {
    const auto program = parsed_program(tiny());
    ASSERT_TRUE(program) << program.error().message;
    const auto* embedding = find(*program, "quantized_decomposed::embedding_4bit");
    ASSERT_NE(embedding, nullptr);
    const ExecutorchConstant& table = program->constants.at(embedding->inputs[0]);
    EXPECT_EQ(table.shape, Shape({8, 16}));
    EXPECT_EQ(table.type, ExecutorchType::u8);
    EXPECT_EQ(program->constants.at(embedding->inputs[1]).shape.elements(), 8);

    const auto* multiply = find(*program, "aten::mul");
    ASSERT_NE(multiply, nullptr);
    EXPECT_EQ(multiply->inputs[0], embedding->outputs[0]);
    EXPECT_EQ(program->constants.at(multiply->inputs[1]).shape, Shape({32}));

    // The delegate's nodes follow; its argument is the value that the program made.
    const auto* convert = find(*program, "xnn::convert");
    const auto* product = find(*program, "xnn::fully_connected");
    ASSERT_TRUE(convert != nullptr && product != nullptr);
    EXPECT_EQ(convert->inputs[0], multiply->outputs[0]);
    EXPECT_EQ(product->inputs[0], convert->outputs[0]);
    const ExecutorchConstant& matrix = program->constants.at(product->inputs[1]);
    EXPECT_EQ(matrix.type, ExecutorchType::i4);
    EXPECT_EQ(matrix.shape, Shape({4, 32}));
    EXPECT_EQ(matrix.group, 32);
    EXPECT_EQ(matrix.bytes.size(), 64u);
    EXPECT_EQ(matrix.scales.size(), 4 * sizeof(float));
}

// Newer programs keep constants under names.
TEST(ExecutorchFile, FindsNamedData) {
    const auto program = parsed_program(named_program());
    ASSERT_TRUE(program) << program.error().message;
    const auto* multiply = find(*program, "xnn::multiply");
    const auto* product = find(*program, "xnn::fully_connected");
    ASSERT_TRUE(multiply != nullptr && product != nullptr);
    EXPECT_EQ(multiply->inputs[0], 0);
    EXPECT_EQ(product->outputs, std::vector<std::int32_t>{1});
    EXPECT_EQ(program->constants.at(multiply->inputs[1]).shape, Shape({32}));
    const ExecutorchConstant& matrix = program->constants.at(product->inputs[1]);
    EXPECT_EQ(matrix.shape, Shape({4, 32}));
    EXPECT_EQ(matrix.bytes.size(), 64u);
    EXPECT_EQ(std::to_integer<int>(matrix.bytes.back()), 0x7a);
    EXPECT_EQ(matrix.scale_type, ExecutorchType::bf16);
    EXPECT_EQ(matrix.scales.size(), 8u);
    EXPECT_EQ(std::to_integer<int>(matrix.scales.back()), 0x40);

    std::string nameless = named_program();
    nameless.replace(nameless.find("matrix"), 6, "Matrix");
    EXPECT_EQ(parsed_program(nameless).error().message, "f.pte: a graph's constant 2 is not in the file");
    std::string cut = named_program();
    cut.pop_back();
    EXPECT_EQ(parsed_program(cut).error().kind, ErrorKind::corrupt);
}

// The fuzz target begins with this program. After a change of the fixture write it there anew.
TEST(ExecutorchFile, NamedDataAreAmongTheSeedsOfTheFuzzTarget) {
    const Path seed = Path(CRIA_SOURCE_DIR) / "fuzz/seeds/executorch_file/named.pte";
    EXPECT_TRUE(read_text(real_os(), seed, 1 << 20) == named_program()) << seed;
}

void expect_every_damage_survived(const std::string& whole) {
    for_each_damage(whole, whole.size(), [](const std::string& bytes, const std::string& what) {
        const auto program = parsed_program(bytes);
        if (!program) {
            const Error& error = program.error();
            EXPECT_TRUE(error.message.starts_with("f.pte: ")) << what << error.message;
            EXPECT_TRUE(error.kind == ErrorKind::corrupt || error.kind == ErrorKind::unsupported) << what;
            return;
        }
        unsigned sum = 0;
        for (const auto& [value, constant] : program->constants)
            for (const auto& part : {constant.bytes, constant.scales})
                for (const std::byte b : part) sum += std::to_integer<unsigned>(b);
        EXPECT_LT(sum, 1u << 30) << what;
    });
}

TEST(ExecutorchFile, EveryDamageIsSurvived) { expect_every_damage_survived(tiny()); }
TEST(ExecutorchFile, EveryDamageOfNamedDataIsSurvived) { expect_every_damage_survived(named_program()); }

// `from`, which stands somewhere in the file, is overwritten.
std::string program_complaint(std::string_view from, std::string_view to) {
    std::string bytes = tiny();
    bytes.replace(bytes.find(from), to.size(), to);
    const auto program = parsed_program(bytes);
    return program ? "none" : program.error().message;
}

TEST(ExecutorchFile, WhatItIsNotIsNamed) {
    EXPECT_EQ(program_complaint("forward", "forward"), "none");
    EXPECT_EQ(program_complaint("ET12", "ET99"), "f.pte: no program of ExecuTorch: it does not begin with ET12");
    EXPECT_EQ(program_complaint("forward", "onwards"), "f.pte: it has no method 'forward' (1 others)");
    EXPECT_NE(program_complaint("XnnpackBackend", "VulkanBackend!").find("it was made for VulkanBackend!"),
              std::string::npos);
    EXPECT_NE(program_complaint("XH00", "XH99").find("XNNPACK's header"), std::string::npos);
    EXPECT_EQ(parsed_program("").error().kind, ErrorKind::corrupt);
}

}  // namespace
}  // namespace cria

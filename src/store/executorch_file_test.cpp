// Programs of ExecuTorch: one that the package executorch 0.5.0 wrote (scripts/golden/make_executorch_golden.py), every
// damage of it, and lies.
#include "store/executorch_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "store/damage.h"

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

TEST(ExecutorchFile, EveryDamageIsSurvived) {
    const std::string whole = tiny();
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

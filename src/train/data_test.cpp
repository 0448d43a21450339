#include "train/data.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/temp_folder.h"
#include "ops/ops.h"
#include "text/tokenizer_files.h"
#include "train/copy_source.h"

namespace cria {
namespace {

// Every byte is a token; the control tokens come after.
Tokenizer byte_tokenizer() {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    return std::move(*Tokenizer::create(ranks, llama3_specials(256)));
}

RawDocument raw_of(std::string_view json) {
    auto raw = raw_document_from_json(*parse_ordered_json(json, "test"));
    EXPECT_TRUE(raw) << raw.error().message;
    return raw ? *raw : RawDocument{};
}

std::string json_complaint(std::string_view json) {
    const auto raw = raw_document_from_json(*parse_ordered_json(json, "test"));
    return raw ? "no complaint" : raw.error().message;
}

// What counts in the loss, as text.
std::string counted(const Tokenizer& tokenizer, const Document& document, float weight) {
    std::vector<TokenId> ids;
    for (std::size_t i = 0; i < document.ids.size(); ++i)
        if (document.weights[i] == weight) ids.push_back(document.ids[i]);
    return tokenizer.decode(ids);
}

TEST(Document, OnlyWhatTheModelWritesCounts) {
    const Tokenizer tokenizer = byte_tokenizer();
    const RawDocument raw = raw_of(R"({"messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Two.", "weight": 0.5}, {"role": "user", "content": "<|eot_id|>"},
        {"role": "assistant", "content": "Three."}]})");
    const Document document = *conversation_document(tokenizer, raw);
    EXPECT_EQ(counted(tokenizer, document, 0.5f), "Two.<|eot_id|>");
    EXPECT_EQ(counted(tokenizer, document, 1.0f), "Three.<|eot_id|>");
    const std::string prompt = counted(tokenizer, *conversation_document(tokenizer, raw, 0.25f), 0.25f);
    EXPECT_NE(prompt.find("One?<|eot_id|>"), std::string::npos) << prompt;
    EXPECT_EQ(prompt.find("Two."), std::string::npos) << prompt;
    EXPECT_EQ(document.ids.front(), *tokenizer.special("<|begin_of_text|>"));
    // The user's spelling of a control token stays text: as many real ones as there are messages.
    EXPECT_EQ(std::ranges::count(document.ids, *tokenizer.special("<|eot_id|>")), 5);
}

TEST(Document, CallsOfToolsCount) {
    const Tokenizer tokenizer = byte_tokenizer();
    const RawDocument raw = raw_of(R"({"tools": [{"type": "function", "function": {"name": "add", "parameters": {}}}],
        "messages": [{"role": "user", "content": "1+2"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "add", "arguments": "{\"a\": 1, \"b\": 2}"}}]},
        {"role": "tool", "content": "3"}, {"role": "assistant", "content": "It is 3."}]})");
    const std::string text = counted(tokenizer, *conversation_document(tokenizer, raw), 1.0f);
    EXPECT_NE(text.find("add(a=1, b=2)"), std::string::npos) << text;
    EXPECT_NE(text.find("It is 3."), std::string::npos) << text;
    EXPECT_EQ(text.find("1+2"), std::string::npos) << text;
}

TEST(Document, SaysWhatIsWrongWithALine) {
    EXPECT_EQ(json_complaint("[]"), "an object was wanted");
    EXPECT_EQ(json_complaint("{}"), "the key messages (or text) is missing");
    EXPECT_EQ(json_complaint(R"({"messages": []})"), "messages is no list with messages");
    EXPECT_EQ(json_complaint(R"({"messages": [{"role": "bot", "content": ""}]})"),
              "messages[0]: role 'bot'; system, user, assistant or tool was wanted");
    EXPECT_EQ(json_complaint(R"({"messages": [{"role": "user"}]})"), "messages[0]: the key content is missing or no text");
    EXPECT_EQ(json_complaint(R"({"messages": [{"role": "user", "content": "x"}]})"),
              "no message is from an assistant: nothing to learn");
    EXPECT_EQ(json_complaint(R"({"messages": [{"role": "assistant", "content": "x", "weight": -1}]})"),
              "messages[0]: weight is no number from 0");
}

TEST(Document, TextsAreCutSoThatEveryTokenIsPredictedOnce) {
    const Tokenizer tokenizer = byte_tokenizer();
    const auto documents = *text_documents(tokenizer, "abcdefghij", 4);  // 12 ids with begin and end: 11 targets
    ASSERT_EQ(documents.size(), 3u);
    std::vector<TokenId> targets;
    for (const Document& document : documents) {
        EXPECT_LE(document.rows(), 4);
        targets.insert(targets.end(), document.ids.begin() + 1, document.ids.end());
    }
    EXPECT_EQ(tokenizer.decode(targets), "abcdefghij<|end_of_text|>");
}

TEST(Pack, PlacesWholeDocumentsWithShiftedTargets) {
    const Document a{{10, 11, 12}, {0, 0, 1}}, b{{20, 21, 22, 23}, {0, 1, 0.5f, 1}}, c{{30, 31}, {0, 1}};
    const StepBatch step = pack(std::vector{a, b, c}, 5);
    ASSERT_EQ(step.passes.size(), 2u);
    EXPECT_EQ(step.passes[0].ids, (std::vector<std::int32_t>{10, 11, 20, 21, 22}));
    EXPECT_EQ(step.passes[1].ids, (std::vector<std::int32_t>{30}));
    ASSERT_EQ(step.passes[0].runs.size(), 2u);
    EXPECT_EQ(step.passes[0].runs[1].first_row, 2);
    EXPECT_EQ(step.passes[0].runs[1].count, 3);
    EXPECT_EQ(step.passes[0].runs[1].first_position, 0);
    ASSERT_EQ(step.passes[0].targets.size(), 2u);
    EXPECT_EQ(step.passes[0].targets[0].ids, (std::vector<std::int32_t>{kIgnore, 12, 21, kIgnore, 23}));
    EXPECT_EQ(step.passes[0].targets[1].ids, (std::vector<std::int32_t>{kIgnore, kIgnore, kIgnore, 22, kIgnore}));
    EXPECT_EQ(step.rows, 6);
    EXPECT_EQ(step.target_rows, 5);
    EXPECT_DOUBLE_EQ(step.target_weight, 4.5);
    EXPECT_DOUBLE_EQ(step.visible_pairs, 3 + 6 + 1);
}

class StreamTest : public ::testing::Test {
protected:
    Recipe recipe_with(int documents) {
        std::string lines;
        for (int i = 0; i < documents; ++i) lines += fmt::format("{{\"text\": \"document {:03}\"}}\n", i);
        EXPECT_TRUE(write_atomically(real_os(), folder_ / "a.jsonl", lines));
        Recipe recipe;
        recipe.context = 1024;
        recipe.seed = 3;
        recipe.data.push_back({.kind = DataRecipe::Kind::jsonl, .path = folder_ / "a.jsonl"});
        recipe.data.push_back({.kind = DataRecipe::Kind::office, .weight = 0.25});
        return recipe;
    }
    DataStream open(const Recipe& recipe) {
        DataStream stream = std::move(*DataStream::open(real_os(), recipe));
        EXPECT_TRUE(stream.prepare(tokenizer_, 4));
        return stream;
    }
    TempFolder folder_;
    Tokenizer tokenizer_ = byte_tokenizer();
};

TEST_F(StreamTest, AnEpochHoldsEveryDocumentOnceAndNoHeldOutOne) {
    Recipe recipe = recipe_with(40);
    recipe.data.pop_back();
    DataStream stream = open(recipe);
    std::set<std::vector<TokenId>> held_out, first, second;
    std::vector<std::vector<TokenId>> first_order, second_order;
    const auto held = stream.held_out();
    ASSERT_TRUE(held);
    for (const Document& document : *held) held_out.insert(document.ids);
    EXPECT_EQ(held_out.size(), 4u);
    for (int i = 0; i < 36; ++i) first_order.push_back(stream.next()->ids);
    for (int i = 0; i < 36; ++i) second_order.push_back(stream.next()->ids);
    first.insert(first_order.begin(), first_order.end());
    second.insert(second_order.begin(), second_order.end());
    EXPECT_EQ(first.size(), 36u);
    EXPECT_EQ(first, second);
    EXPECT_NE(first_order, second_order);
    for (const auto& ids : held_out) EXPECT_FALSE(first.contains(ids));
}

TEST_F(StreamTest, StepsDependOnThePositionAlone) {
    const Recipe recipe = recipe_with(40);
    DataStream stream = open(recipe);
    std::vector<StepBatch> steps;
    std::vector<std::vector<std::uint64_t>> positions;
    for (int i = 0; i < 4; ++i) {
        positions.push_back(stream.position());
        auto step = next_step(stream, 8192, 4096);
        ASSERT_TRUE(step) << step.error().message;
        steps.push_back(std::move(*step));
        EXPECT_LE(steps.back().rows, 8192);
        EXPECT_GT(steps.back().rows, 4096);
    }
    DataStream again = open(recipe);
    ASSERT_TRUE(again.seek(positions[2]));
    const auto step = next_step(again, 8192, 4096);
    ASSERT_EQ(step->passes.size(), steps[2].passes.size());
    for (std::size_t i = 0; i < step->passes.size(); ++i) EXPECT_EQ(step->passes[i].ids, steps[2].passes[i].ids);
    EXPECT_FALSE(again.seek(std::vector<std::uint64_t>{1}));
}

TEST_F(StreamTest, AnswersOfTheCopySourceStandInThePrompt) {
    const std::unique_ptr<DataSource> source = make_copy_source({.kind = DataRecipe::Kind::copy, .seed = 5});
    ASSERT_TRUE(source->prepare(tokenizer_, 1024, 0));
    EXPECT_TRUE(source->held_out()->empty());
    std::set<std::vector<TokenId>> seen;
    for (std::uint64_t index = 0; index < 200; ++index) {
        const Document document = *source->training(index);
        EXPECT_EQ(document.ids, source->training(index)->ids);
        EXPECT_TRUE(seen.insert(document.ids).second);
        ASSERT_LE(document.rows(), 400);
        ASSERT_EQ(document.ids.size(), document.weights.size());
        // Every answer, but for its end token, is somewhere before it.
        for (std::size_t i = 0; i < document.ids.size(); ++i) {
            if (document.weights[i] == 0) continue;
            const std::size_t first = i;
            while (i + 1 < document.ids.size() && document.weights[i + 1] != 0) ++i;
            const auto begin = document.ids.begin() + static_cast<std::ptrdiff_t>(first);
            const auto end = document.ids.begin() + static_cast<std::ptrdiff_t>(i);
            EXPECT_GT(end - begin, 0);
            EXPECT_EQ(document.ids[i], *tokenizer_.special("<|eot_id|>"));
            EXPECT_NE(std::search(document.ids.begin(), begin, begin, end), begin);
        }
    }
}

TEST_F(StreamTest, TheAlphabetOfTheCopySourceDoubles) {
    const auto letters_of = [&](const DataRecipe& recipe, std::uint64_t index) {
        const std::unique_ptr<DataSource> source = make_copy_source(recipe);
        EXPECT_TRUE(source->prepare(tokenizer_, 1024, 0));
        std::set<TokenId> letters;
        for (std::uint64_t i = index; i < index + 100; ++i) {
            const Document document = *source->training(i);
            for (std::size_t at = 0; at + 1 < document.ids.size(); ++at)
                if (document.weights[at] != 0 && document.weights[at + 1] != 0) letters.insert(document.ids[at]);
        }
        return letters;
    };
    DataRecipe recipe{.kind = DataRecipe::Kind::copy, .alphabet = 8};
    const std::set<TokenId> first = letters_of(recipe, 0);
    EXPECT_EQ(first.size(), 8u);
    EXPECT_EQ(letters_of(recipe, 1'000'000), first);
    recipe.doubling = 10'000;
    EXPECT_EQ(letters_of(recipe, 0), first);
    const std::set<TokenId> later = letters_of(recipe, 20'000);
    EXPECT_EQ(later.size(), 32u);
    EXPECT_TRUE(std::ranges::includes(later, first));
    EXPECT_GT(letters_of(recipe, 1'000'000).size(), 200u);  // of 256, in some 2,000 draws
}

TEST_F(StreamTest, SourcesTakePartFromTheirFirstToTheirLastDocument) {
    Recipe recipe = recipe_with(40);
    recipe.data[0].until = 6;
    recipe.data[1].from = 4;
    DataStream stream = open(recipe);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(stream.next());
        const auto& taken = stream.position();  // of each source; documents that do not fit count too
        EXPECT_LE(taken[0], 6u);
        EXPECT_TRUE(taken[0] + taken[1] > 4 || taken[1] == 0);
    }
    EXPECT_GE(stream.position()[0], 4u);
    EXPECT_GT(stream.position()[1], 0u);
    // What comes last is what the tokenizer learns from and what is validated.
    std::string learnt;
    ASSERT_TRUE(stream.texts(5, [&](std::string_view text) { learnt += text; }));
    EXPECT_EQ(learnt.find("document 0"), learnt.npos);
}

TEST_F(StreamTest, SaysThatNothingFitsTheContext) {
    Recipe recipe = recipe_with(5);
    recipe.context = 16;
    recipe.data.erase(recipe.data.begin());
    DataStream stream = open(recipe);
    const auto document = stream.next();
    ASSERT_FALSE(document);
    EXPECT_NE(document.error().message.find("longer than the context of 16"), std::string::npos);
}

TEST_F(StreamTest, NamesTheLineOfABadDocument) {
    Recipe recipe = recipe_with(3);
    ASSERT_TRUE(write_atomically(real_os(), folder_ / "a.jsonl", "{\"text\": \"x\"}\n\n{\"txt\": 1}\n"));
    const auto stream = DataStream::open(real_os(), recipe);
    ASSERT_FALSE(stream);
    EXPECT_NE(stream.error().message.find("a.jsonl line 3: the key messages (or text) is missing"), std::string::npos);
    recipe.data[0].path = folder_ / "none.jsonl";
    EXPECT_EQ(DataStream::open(real_os(), recipe).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace cria

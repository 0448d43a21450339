// Tokenizer files: both forms there and back, and damage of every kind.
#include "text/tokenizer_files.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/os_fault.h"
#include "base/random.h"
#include "base/temp_folder.h"
#include "text/bpe.h"

namespace cria {
namespace {

const Path kGoldenFiles = Path(CRIA_SOURCE_DIR) / "tests/golden/tokenizer";

std::string golden_text(const char* name) { return *read_text(real_os(), kGoldenFiles / name, 1 << 20); }

template <class T>
std::string message(const Result<T>& result) {
    return result ? std::string("read") : result.error().message;
}

// A tokenizer.model of the 256 bytes and one more line.
std::string bytes_and_line(std::string_view line) {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    return write_tiktoken_ranks(ranks) + std::string(line);
}

TEST(TiktokenFile, ReadsWhatItWrites) {
    Random random(1);
    std::vector<std::string> ranks;
    for (int i = 0; i < 500; ++i) {
        ranks.emplace_back(1 + random.below(9), '\0');
        for (char& c : ranks.back()) c = static_cast<char>(random.below(256));
    }
    EXPECT_EQ(message(parse_tiktoken_ranks(write_tiktoken_ranks(ranks), "f")), "read");
    EXPECT_EQ(*parse_tiktoken_ranks(write_tiktoken_ranks(ranks), "f"), ranks);
    // As `base64` of coreutils writes it.
    EXPECT_EQ(write_tiktoken_ranks({"a", "ab", "abc", "\xff\xfe\xfd\xfc"}), "YQ== 0\nYWI= 1\nYWJj 2\n//79/A== 3\n");
    EXPECT_EQ(*parse_tiktoken_ranks("YWI= 1\nYQ== 0", "f"), (std::vector<std::string>{"a", "ab"}));
}

TEST(TiktokenFile, NamesTheDamage) {
    const auto said = [](std::string_view line) {
        return message(parse_tiktoken_ranks(bytes_and_line(line), "f.model"));
    };
    EXPECT_EQ(said("YWI= 256\n"), "read");
    EXPECT_EQ(said("YWI= 256"), "read");
    for (const char* line : {"YWI=", "\n", "YWI=256\n"})
        EXPECT_NE(said(line).find("f.model: line 257 is not of the form"), std::string::npos);
    for (const char* line :
         {"YWI 256", "Y=I= 256", "YW*= 256", "YWJ= 256", "YR== 256", "==== 256", " 256", "YQ=== 256"})
        EXPECT_NE(said(line).find("line 257 does not begin with valid base64"), std::string::npos)
            << line << ": " << said(line);
    for (const char* line : {"YWI= x", "YWI= ", "YWI= -1", "YWI= 256 ", "YWI= 2.5", "YWI= 99999999999999999999999"})
        EXPECT_NE(said(line).find("line 257 does not end with a rank"), std::string::npos)
            << line << ": " << said(line);
    EXPECT_NE(said("YWI= 257").find("line 257 has rank 257, but 257 lines should have ranks 0 to 256"),
              std::string::npos);
    EXPECT_NE(said("YWI= 18446744073709551615").find("has rank 18446744073709551615"), std::string::npos);
    EXPECT_NE(said("YWI= 7").find("rank 7 comes twice"), std::string::npos);
    EXPECT_NE(message(parse_tiktoken_ranks("\n\x0e\n\x05<unk>", "f")).find("SentencePiece"), std::string::npos);
}

TEST(Llama3Specials, HaveTheNamesOfEachSource) {
    const auto meta = llama3_specials(128000);
    const auto face = llama3_specials(128000, Llama3Names::hugging_face);
    const auto vision = llama3_specials(128000, Llama3Names::hugging_face_vision);
    EXPECT_EQ(meta.size(), 256u);
    EXPECT_EQ(face.size(), 256u);
    EXPECT_EQ(vision.size(), 257u);
    const auto at = [](const auto& specials, int id) {
        for (const auto& [name, found] : specials) {
            if (found == 128000 + id) return name;
        }
        return std::string("none");
    };
    const std::pair<int, const char*> shared[] = {{0, "<|begin_of_text|>"},
                                                  {1, "<|end_of_text|>"},
                                                  {2, "<|reserved_special_token_0|>"},
                                                  {3, "<|reserved_special_token_1|>"},
                                                  {4, "<|finetune_right_pad_id|>"},
                                                  {6, "<|start_header_id|>"},
                                                  {7, "<|end_header_id|>"},
                                                  {8, "<|eom_id|>"},
                                                  {9, "<|eot_id|>"},
                                                  {10, "<|python_tag|>"}};
    for (const auto& [id, name] : shared) {
        for (const auto* specials : {&meta, &face, &vision}) EXPECT_EQ(at(*specials, id), name);
    }
    EXPECT_EQ(at(meta, 5), "<|step_id|>");
    EXPECT_EQ(at(meta, 11), "<|image|>");
    EXPECT_EQ(at(meta, 12), "<|reserved_special_token_2|>");
    EXPECT_EQ(at(meta, 255), "<|reserved_special_token_245|>");
    EXPECT_EQ(at(face, 5), "<|reserved_special_token_2|>");
    EXPECT_EQ(at(face, 11), "<|reserved_special_token_3|>");
    EXPECT_EQ(at(face, 12), "<|reserved_special_token_4|>");
    EXPECT_EQ(at(face, 255), "<|reserved_special_token_247|>");
    EXPECT_EQ(at(vision, 5), "<|step_id|>");
    EXPECT_EQ(at(vision, 11), "<|reserved_special_token_2|>");
    EXPECT_EQ(at(vision, 12), "<|reserved_special_token_3|>");
    EXPECT_EQ(at(vision, 255), "<|reserved_special_token_246|>");
    EXPECT_EQ(at(vision, 256), "<|image|>");
}

TEST(TokenizerJson, SaysTheSameAsTheModelFile) {
    const Tokenizer from_json = *load_tokenizer(real_os(), kGoldenFiles / "tokenizer.json");
    const Tokenizer from_model = *load_tokenizer(real_os(), kGoldenFiles / "tokenizer.model");
    EXPECT_EQ(from_json.ranks(), from_model.ranks());
    EXPECT_EQ(from_json.specials(), from_model.specials());
    EXPECT_EQ(write_tokenizer_json(from_model), golden_text("tokenizer.json"));
}

TEST(TokenizerJson, TakesMergesAsListsAndControlTokensInTheVocabulary) {
    Json file = *parse_json(golden_text("tokenizer.json"), "f");
    for (Json& merge : file["model"]["merges"]) {
        const std::string text = merge.get<std::string>();
        merge = Json::array({text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)});
    }
    for (const Json& token : file["added_tokens"])
        file["model"]["vocab"][token["content"].get<std::string>()] = token["id"];
    const auto read = parse_tokenizer_json(file.dump(), "f");
    ASSERT_EQ(message(read), "read");
    EXPECT_EQ(write_tokenizer_json(*read), golden_text("tokenizer.json"));
}

TEST(TokenizerJson, WorksWithoutControlTokens) {
    const Tokenizer plain = *Tokenizer::create(*parse_tiktoken_ranks(bytes_and_line("YWI= 256"), "f"), {});
    const auto read = parse_tokenizer_json(write_tokenizer_json(plain), "f");
    ASSERT_EQ(message(read), "read");
    EXPECT_EQ(read->ranks(), plain.ranks());
    EXPECT_TRUE(read->specials().empty());
}

struct Damage {
    const char* where;  // a JSON pointer
    Json value;         // what stands there instead; "remove" takes it away
    const char* said;
};

TEST(TokenizerJson, NamesTheDamage) {
    const Json whole = *parse_json(golden_text("tokenizer.json"), "f");
    const std::size_t last = whole["model"]["vocab"].size() - 1;
    const Damage damages[] = {
        {"/model/type", "WordPiece", "/model/type is \"WordPiece\""},
        {"/model", 5, "/model/type is null"},
        {"/model/ignore_merges", false, "/model/ignore_merges is false"},
        {"/model/dropout", 0.1, "/model/dropout is 0.1"},
        {"/model/byte_fallback", true, "/model/byte_fallback is true"},
        {"/model/unk_token", "<unk>", "/model/unk_token"},
        {"/normalizer", Json{{"type", "NFC"}}, "/normalizer is {\"type\":\"NFC\"}"},
        {"/pre_tokenizer", nullptr, "/pre_tokenizer/type is null"},
        {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "\\s+", "is \"\\\\s+\"; only byte-level BPE"},
        {"/pre_tokenizer/pretokenizers/0/behavior", "Removed", "behavior"},
        {"/pre_tokenizer/pretokenizers/1/add_prefix_space", true, "add_prefix_space"},
        {"/pre_tokenizer/pretokenizers/2", Json{{"type", "Digits"}}, "/pre_tokenizer/pretokenizers/2"},
        {"/decoder/type", "Metaspace", "/decoder/type"},
        {"/added_tokens", "no", "added_tokens is not a list"},
        {"/added_tokens/0", 7, "lacks a content or an id"},
        {"/added_tokens/0/id", -1, "lacks a content or an id"},
        {"/added_tokens/0/id", 1e300, "lacks a content or an id"},
        {"/added_tokens/0/id", 18446744073709551615u, "ids below"},
        {"/added_tokens/0/id", 3, "has id 3, which is an ordinary token's"},
        {"/added_tokens/0/id", whole["added_tokens"][1]["id"], "have the same id"},
        {"/added_tokens/0/content", whole["added_tokens"][1]["content"], "comes twice"},
        {"/added_tokens/0/content", "", "has no name"},
        {"/added_tokens/0/lstrip", true, "has lstrip"},
        {"/model/vocab", Json::array(), "model.vocab is not an object"},
        {"/model/vocab", "remove", "model.vocab is not an object"},
        {"/model/vocab/a", "remove", "has id "},
        {"/model/vocab/a", 5, "two tokens have id 5"},
        {"/model/vocab/a", -5, "has id -5"},
        {"/model/vocab/a", 1.5, "has id 1.5"},
        {"/model/vocab/a", nullptr, "has id null"},
        {"/model/vocab/a", 1000000000000u, "has id 1000000000000"},
        {"/model/vocab/\u4e2d", last + 1, "not in the alphabet of bytes"},
        {"/model/vocab/ ", last + 1, "not in the alphabet of bytes"},
        {"/model/vocab/", last + 1, "not in the alphabet of bytes"},
        {"/model/merges", "remove", "model.merges is not a list"},
        {"/model/merges", Json::object(), "model.merges is not a list"},
        {"/model/merges", Json::array(), "model.merges has 0 of the"},
        {"/model/merges/0", 1, "merge 0 of model.merges does not join"},
        {"/model/merges/0", "ab", "merge 0 of model.merges does not join"},
        {"/model/merges/0", "\u0100 \u0100", "merge 0 of model.merges does not join"},
        {"/model/merges/0", Json::array({"a", 1}), "merge 0 of model.merges does not join"},
        {"/model/merges/1", whole["model"]["merges"][0], "a merge comes twice"},
        {"/model/merges/1", whole["model"]["merges"][300], "merges in the order of token ids"},
    };
    for (const auto& [where, value, said] : damages) {
        Json file = whole;
        const Json::json_pointer pointer(where);
        if (value == "remove") {
            file.at(pointer.parent_pointer()).erase(pointer.back());
        } else {
            file[pointer] = value;
        }
        const std::string text = message(parse_tokenizer_json(file.dump(), "f.json"));
        EXPECT_TRUE(text.starts_with("f.json: ")) << where << ": " << text;
        EXPECT_NE(text.find(said), std::string::npos) << where << ": " << text;
    }
}

TEST(TokenizerFiles, BearCutsAndChangedBytes) {
    Random random(2);
    for (const char* name : {"tokenizer.json", "tokenizer.model"}) {
        const std::string whole = golden_text(name);
        const auto read = [&](const std::string& text) {
            if (std::string_view(name) == "tokenizer.json") return message(parse_tokenizer_json(text, "f"));
            return message(parse_tiktoken_ranks(text, "f"));
        };
        for (int round = 0; round < 200; ++round) {
            std::string text = whole.substr(0, random.below(static_cast<std::uint32_t>(whole.size())));
            const bool whole_lines = text.empty() || text.back() == '\n' || whole[text.size()] == '\n';
            const std::string said = read(text);
            EXPECT_TRUE(said != "read" || (whole_lines && std::string_view(name) == "tokenizer.model")) << text.size();
            text = whole;
            for (int i = 0; i < 3; ++i)
                text[random.below(static_cast<std::uint32_t>(text.size()))] = static_cast<char>(random.below(256));
            EXPECT_FALSE(read(text).empty());
        }
    }
}

TEST(LoadTokenizer, FindsTheFileOrSaysWhatIsMissing) {
    const TempFolder folder;
    Os& os = real_os();
    EXPECT_EQ(load_tokenizer(os, folder / "absent").error().kind, ErrorKind::not_found);
    const auto empty = load_tokenizer(os, folder.path());
    EXPECT_EQ(empty.error().kind, ErrorKind::not_found);
    EXPECT_NE(message(empty).find("neither tokenizer.json nor tokenizer.model"), std::string::npos);
    ASSERT_TRUE(write_atomically(os, folder / "tokenizer.model", golden_text("tokenizer.model")));
    EXPECT_EQ(message(load_tokenizer(os, folder.path())), "read");
    ASSERT_TRUE(write_atomically(os, folder / "tokenizer.json", std::string_view("{}")));
    EXPECT_NE(message(load_tokenizer(os, folder.path())).find("tokenizer.json: /model/type is null"),
              std::string::npos);
}

TEST(LoadTokenizer, PassesOnFaultsOfTheSystem) {
    std::uint64_t calls = 1;
    for (std::uint64_t call = 1; call <= calls; ++call) {
        FaultyOs os(real_os(), {.fail_at_call = call});
        EXPECT_FALSE(load_tokenizer(os, kGoldenFiles).has_value()) << call;
        FaultyOs whole(real_os(), {});
        EXPECT_TRUE(load_tokenizer(whole, kGoldenFiles).has_value());
        calls = whole.calls();
    }
    EXPECT_GE(calls, 3u);
}

}  // namespace
}  // namespace cria

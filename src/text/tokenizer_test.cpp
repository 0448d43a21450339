// Tokenizer and StreamDecoder: against what tiktoken and tokenizers gave, and what must hold for any bytes.
#include "text/tokenizer.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/random.h"
#include "text/bpe.h"
#include "text/splitter.h"
#include "text/tokenizer_files.h"

namespace cria {
namespace {

// tests/golden/make_tokenizer.py says what is in there.
const Path kGolden = Path(CRIA_SOURCE_DIR) / "tests/golden/tokenizer";

const Tokenizer& golden() {
    static const Tokenizer tokenizer = *load_tokenizer(real_os(), kGolden);
    return tokenizer;
}

const Json& golden_cases() {
    static const Json cases = *parse_json(*read_text(real_os(), kGolden / "cases.json", 1 << 20), "cases.json");
    return cases;
}

std::string bytes_of(const Json& one) {
    if (one.contains("text")) return one["text"].get<std::string>();
    const std::string hex = one["hex"].get<std::string>();
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    return bytes;
}

std::string random_bytes(Random& random, std::size_t max_length) {
    const std::string_view alphabet = "ab  \n\t1.'s\xff\xc3\xa9\xe4\xb8\xad\xf0\x9f\x99\x82\x80";
    std::string bytes(random.below(static_cast<std::uint32_t>(max_length)), '\0');
    const bool any = random.below(2) == 0;
    for (char& c : bytes)
        c = any ? static_cast<char>(random.below(256))
                : alphabet[random.below(static_cast<std::uint32_t>(alphabet.size()))];
    return bytes;
}

std::vector<std::string> bytes_and(std::vector<std::string> more) {
    std::vector<std::string> ranks;
    for (int byte = 0; byte < 256; ++byte) ranks.emplace_back(1, static_cast<char>(byte));
    ranks.insert(ranks.end(), more.begin(), more.end());
    return ranks;
}

TEST(Tokenizer, GivesTheIdsOfTiktoken) {
    ASSERT_GT(golden_cases().size(), 250u);
    for (const Json& one : golden_cases())
        EXPECT_EQ(golden().encode(bytes_of(one)), one["ids"].get<std::vector<TokenId>>()) << one;
}

TEST(Tokenizer, ReadsControlTokensAsTokenizersDoes) {
    int spelt = 0;
    for (const Json& one : golden_cases()) {
        if (one.contains("hex")) continue;
        const bool special = one.contains("with_specials");
        spelt += special;
        EXPECT_EQ(golden().encode_with_specials(bytes_of(one)),
                  one[special ? "with_specials" : "ids"].get<std::vector<TokenId>>())
            << one;
    }
    EXPECT_EQ(spelt, 3);
}

TEST(Tokenizer, SplitsAsTheRegularExpressionDoes) {
    for (const Json& one : golden_cases()) {
        if (one.contains("hex")) continue;
        const std::string text = bytes_of(one);
        std::vector<std::size_t> lengths;
        for (Splitter pieces(text); !pieces.done();) lengths.push_back(pieces.next().size());
        EXPECT_EQ(lengths, one["pieces"].get<std::vector<std::size_t>>()) << one;
    }
}

TEST(Tokenizer, AppendsToIds) {
    std::vector<TokenId> ids = {7};
    golden().encode("\xff", ids);
    EXPECT_EQ(ids, (std::vector<TokenId>{7, 255}));
}

TEST(Tokenizer, DecodesWhatItEncoded) {
    Random random(1);
    for (int round = 0; round < 3000; ++round) {
        const std::string bytes = random_bytes(random, 300);
        const auto ids = golden().encode(bytes);
        ASSERT_EQ(golden().decode(ids), bytes);
        ASSERT_EQ(golden().decode(golden().encode_with_specials(bytes)), bytes);
    }
}

// Many pieces, many times: what is remembered of a piece must be of that piece.
TEST(Tokenizer, GivesAPieceItsIdsHoweverOftenItCame) {
    Random random(7);
    std::string text;
    for (int i = 0; i < 60000; ++i) {
        const std::uint32_t rare = random.below(3) == 0 ? 4 : 2;
        for (std::uint32_t left = 1 + random.below(3 * rare); left > 0; --left)
            text.push_back(static_cast<char>('a' + random.below(rare)));
        text.push_back(random.below(8) == 0 ? '7' : ' ');
    }
    std::vector<TokenId> ids;
    for (Splitter pieces(text); !pieces.done();) golden().bpe().encode(pieces.next(), ids);
    EXPECT_EQ(golden().encode(text), ids);
}

TEST(Tokenizer, NeverReadsAControlTokenFromText) {
    Random random(2);
    std::vector<std::string> names;
    for (const auto& [name, id] : golden().specials()) names.push_back(name);
    for (int round = 0; round < 2000; ++round) {
        std::string bytes = random_bytes(random, 20);
        for (int i = 0; i < 3; ++i)
            bytes += names[random.below(static_cast<std::uint32_t>(names.size()))] + random_bytes(random, 5);
        for (const TokenId id : golden().encode(bytes)) ASSERT_FALSE(golden().is_special(id)) << bytes;
    }
}

TEST(Tokenizer, KnowsItsTokens) {
    EXPECT_EQ(golden().size(), static_cast<TokenId>(golden().ranks().size()) + 256);
    const TokenId begin = golden().special("<|begin_of_text|>").value();
    EXPECT_EQ(begin, static_cast<TokenId>(golden().ranks().size()));
    EXPECT_TRUE(golden().is_special(begin));
    EXPECT_FALSE(golden().is_special(begin - 1));
    EXPECT_FALSE(golden().special("begin_of_text").has_value());
    EXPECT_EQ(golden().bytes_of(begin), "<|begin_of_text|>");
    EXPECT_EQ(golden().bytes_of('A'), "A");
    EXPECT_EQ(golden().bytes_of(-1), "");
    EXPECT_EQ(golden().bytes_of(golden().size()), "");
    EXPECT_EQ(golden().decode(std::vector<TokenId>{'a', begin, 'b'}), "a<|begin_of_text|>b");
    EXPECT_EQ(golden().decode(std::vector<TokenId>{'a', begin, 'b'}, false), "ab");
}

TEST(Tokenizer, TakesTheLongestControlToken) {
    const Tokenizer tokenizer = *Tokenizer::create(bytes_and({}), {{"<a", 300}, {"<a>", 301}, {"x<", 302}});
    EXPECT_EQ(tokenizer.encode_with_specials("<a<a>x<a>"), (std::vector<TokenId>{300, 301, 302, 'a', '>'}));
    EXPECT_EQ(tokenizer.size(), 303);
    EXPECT_EQ(tokenizer.bytes_of(299), "");
}

TEST(Tokenizer, RefusesImpossibleVocabularies) {
    const auto message = [](std::vector<std::string> ranks, std::map<std::string, TokenId> specials) {
        const auto made = Tokenizer::create(std::move(ranks), std::move(specials));
        return made ? std::string("made") : made.error().message;
    };
    EXPECT_EQ(message(bytes_and({}), {}), "made");
    EXPECT_NE(message({}, {}).find("no token for the byte 0x00"), std::string::npos);
    EXPECT_NE(message(bytes_and({"ab", "ab"}), {}).find("tokens 256 and 257 of the vocabulary have the same bytes, ab"),
              std::string::npos);
    EXPECT_NE(message(bytes_and({""}), {}).find("token 256 of the vocabulary is empty"), std::string::npos);
    EXPECT_NE(message(bytes_and({std::string(513, 'a')}), {}).find("has 513 bytes"), std::string::npos);
    EXPECT_NE(message(bytes_and({}), {{"", 300}}).find("has no name"), std::string::npos);
    EXPECT_NE(message(bytes_and({}), {{"\xff", 300}}).find("is not UTF-8"), std::string::npos);
    EXPECT_NE(message(bytes_and({}), {{"<a>", 255}}).find("<a> has id 255, which is an ordinary token's"),
              std::string::npos);
    EXPECT_NE(message(bytes_and({}), {{"<a>", -1}}).find("ordinary"), std::string::npos);
    EXPECT_NE(message(bytes_and({}), {{"<a>", 300}, {"<b>", 300}}).find("same id 300"), std::string::npos);
    EXPECT_NE(message(bytes_and({}), {{"<a>", 1 << 30}}).find("ids below"), std::string::npos);
}

// A quadratic way would take hours for these.
TEST(Tokenizer, StaysNearLinearOnHostileText) {
    constexpr std::size_t kBytes = 1 << 20;
    for (const std::string_view unit :
         {"a", " ", "\n", " \n", "0", "=", "ab", "\xf0\x9f\xa6\x99", "\xff", "'s", "<|", "<|eot_id|>"}) {
        std::string text;
        while (text.size() < kBytes) text += unit;
        EXPECT_EQ(golden().decode(golden().encode(text)), text) << unit;
        EXPECT_EQ(golden().decode(golden().encode_with_specials(text + '\x80')), text + '\x80') << unit;
    }
}

TEST(StreamDecoder, ShowsWhatPythonShows) {
    for (const Json& one : golden_cases()) {
        StreamDecoder decoder(golden());
        std::string shown;
        for (const TokenId id : one["ids"].get<std::vector<TokenId>>()) shown += decoder.push(id);
        shown += decoder.finish();
        EXPECT_EQ(shown, one[one.contains("hex") ? "shown" : "text"].get<std::string>()) << one;
    }
}

// However the bytes are cut into tokens, and with every piece of text whole.
TEST(StreamDecoder, DoesNotDependOnTheCuts) {
    Random random(3);
    for (int round = 0; round < 3000; ++round) {
        const std::string bytes = random_bytes(random, 60);
        const auto text_of = [](const std::vector<TokenId>& ids) {
            StreamDecoder decoder(golden());
            std::string text;
            for (const TokenId id : ids) {
                const std::string part = decoder.push(id);
                EXPECT_EQ(valid_utf8_prefix(part), part.size());
                text += part;
            }
            return text + decoder.finish();
        };
        std::vector<TokenId> singles;
        for (const char c : bytes) singles.push_back(static_cast<unsigned char>(c));
        std::vector<TokenId> random_cuts;
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t length = std::min<std::size_t>(1 + random.below(9), bytes.size() - at);
            golden().encode(std::string_view(bytes).substr(at, length), random_cuts);
            at += length;
        }
        ASSERT_EQ(text_of(singles), text_of(golden().encode(bytes)));
        ASSERT_EQ(text_of(singles), text_of(random_cuts));
    }
}

TEST(StreamDecoder, ShowsInvalidBytesAsSoonAsTheyAreCertain) {
    StreamDecoder decoder(golden());
    EXPECT_EQ(decoder.push(0xE4), "");
    EXPECT_EQ(decoder.push(*golden().special("<|eot_id|>")), "");
    EXPECT_EQ(decoder.push(0xB8), "");
    EXPECT_EQ(decoder.push(0xAD), "\u4e2d");
    EXPECT_EQ(decoder.push(0xF0), "");
    EXPECT_EQ(decoder.push('a'), "\ufffda");
    EXPECT_EQ(decoder.push(0xFF), "\ufffd");
    EXPECT_EQ(decoder.push(0xE4), "");
    EXPECT_EQ(decoder.push(1 << 20), "");
    EXPECT_EQ(decoder.finish(), "\ufffd");
    EXPECT_EQ(decoder.finish(), "");
}

}  // namespace
}  // namespace cria

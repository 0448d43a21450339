#include "train/copy_source.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/random.h"
#include "chat/prompt.h"

namespace cria {
namespace {

constexpr std::uint64_t kKey = 0x636f'7079'696e'6721;
constexpr std::uint64_t kAlphabet = 0x616c'7068'6162'6574;
constexpr std::string_view kPlaceholder = "content";
// Every third document is made of few tokens: what follows one is then found by more than one token before.
constexpr std::uint32_t kFewTokens = 8;
constexpr std::uint32_t kMaxRepeated = 40, kMaxEntries = 12, kMaxKey = 3, kMaxValue = 6, kMaxCommon = 10,
                        kQuestions = 3;

using Ids = std::vector<TokenId>;

void append(Ids& to, const Ids& from) { to.insert(to.end(), from.begin(), from.end()); }

// Contents of the messages of a conversation: a user's and an assistant's in turn.
using Contents = std::vector<Ids>;

class CopySource final : public DataSource {
public:
    explicit CopySource(const DataRecipe& recipe) : recipe_(recipe) {}

    Status texts(std::uint64_t, FunctionRef<void(std::string_view)>) override { return {}; }
    Status prepare(const Tokenizer& tokenizer, std::int64_t, std::int64_t) override {
        tokenizer_ = &tokenizer;
        letters_ = draw_letters(tokenizer.ranks().size());
        return {};
    }
    Result<Document> training(std::uint64_t index) override {
        const std::uint32_t alphabet = alphabet_at(index);
        Draw draw{Random(recipe_.seed ^ kKey, index), alphabet, 0, alphabet};
        if (draw.random.below(3) == 0) {
            draw.first = draw.random.below(draw.alphabet);
            draw.count = std::min(draw.alphabet, kFewTokens + draw.random.below(kFewTokens * 4));
        }
        return document(draw);
    }
    // Validation is about the data that the model is for.
    Result<std::vector<Document>> held_out() override { return std::vector<Document>(); }

private:
    struct Draw {
        Random random;
        std::uint32_t alphabet;      // so many of letters_ there are
        std::uint32_t first, count;  // and so many of them, from the first on and around the end, this document has
    };

    // The vocabulary in a random order; documents are made of its first tokens.
    Ids draw_letters(std::size_t vocabulary) const {
        Ids letters(vocabulary);
        std::iota(letters.begin(), letters.end(), 0);
        Random random(recipe_.seed ^ kAlphabet, 0);
        for (std::size_t i = vocabulary; i > 1; --i)
            std::swap(letters[i - 1], letters[random.below(static_cast<std::uint32_t>(i))]);
        return letters;
    }

    // How many different tokens document `index` may use.
    std::uint32_t alphabet_at(std::uint64_t index) const {
        const auto all = static_cast<double>(letters_.size());
        if (recipe_.alphabet == 0) return static_cast<std::uint32_t>(all);
        const double doublings =
            recipe_.doubling == 0 ? 0.0 : static_cast<double>(index) / static_cast<double>(recipe_.doubling);
        return static_cast<std::uint32_t>(std::min(all, static_cast<double>(recipe_.alphabet) * std::exp2(doublings)));
    }

    Ids tokens(Draw& draw, std::uint32_t at_most) const {
        Ids ids(1 + draw.random.below(at_most));
        for (TokenId& id : ids) id = letters_[(draw.first + draw.random.below(draw.count)) % draw.alphabet];
        return ids;
    }

    Contents repeat(Draw& draw) const {
        const Ids ids = tokens(draw, kMaxRepeated);
        return {ids, ids};
    }

    // "key: value" lines and a key; the answer is its value; then more keys. The values of every third conversation
    // begin alike, as dates do: the key has to be remembered until they part.
    Contents look_up(Draw& draw) const {
        const Ids colon = tokenizer_->encode(": "), line_break = tokenizer_->encode("\n");
        const Ids beginning = draw.random.below(3) == 0 ? tokens(draw, kMaxCommon) : Ids{};
        std::vector<Ids> keys, values;
        Contents contents(1);
        for (std::uint32_t i = 2 + draw.random.below(kMaxEntries - 1); i > 0; --i) {
            keys.push_back(tokens(draw, kMaxKey));
            values.push_back(beginning);
            append(values.back(), tokens(draw, kMaxValue));
            for (const Ids& part : {keys.back(), colon, values.back(), line_break}) append(contents[0], part);
        }
        for (std::uint32_t question = 0; question < kQuestions; ++question) {
            const std::size_t wanted = draw.random.below(static_cast<std::uint32_t>(keys.size()));
            if (question > 0) contents.emplace_back();
            append(contents.back(), keys[wanted]);
            contents.push_back(values[wanted]);
        }
        return contents;
    }

    Result<Document> document(Draw draw) const {
        const Contents contents = draw.random.below(2) == 0 ? repeat(draw) : look_up(draw);
        std::vector<Message> messages;
        for (std::size_t i = 0; i < contents.size(); ++i)
            messages.push_back({i % 2 == 0 ? Role::user : Role::assistant, std::string(kPlaceholder), {}});
        PromptOptions options;
        options.add_generation_prompt = false;
        Document document;
        for (Segment& segment : CRIA_TRY(render_chat(messages, options))) {
            const bool content = segment.message >= 0 && segment.value.ends_with(kPlaceholder);
            if (content) segment.value.resize(segment.value.size() - kPlaceholder.size());
            append(document.ids, CRIA_TRY(encode_segments(*tokenizer_, {&segment, 1})));
            if (content) append(document.ids, contents[static_cast<std::size_t>(segment.message)]);
            document.weights.resize(document.ids.size(), segment.answer ? 1.0f : 0.0f);
        }
        return document;
    }

    DataRecipe recipe_;
    const Tokenizer* tokenizer_ = nullptr;
    Ids letters_{};
};

}  // namespace

std::unique_ptr<DataSource> make_copy_source(const DataRecipe& recipe) { return std::make_unique<CopySource>(recipe); }

}  // namespace cria

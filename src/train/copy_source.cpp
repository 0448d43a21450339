#include "train/copy_source.h"

#include "base/random.h"
#include "chat/prompt.h"

namespace cria {
namespace {

constexpr std::uint64_t kKey = 0x636f'7079'696e'6721;
constexpr std::string_view kPlaceholder = "content";
constexpr std::uint32_t kMaxRepeated = 40, kMaxEntries = 12, kMaxKey = 3, kMaxValue = 6, kQuestions = 3;

using Ids = std::vector<TokenId>;

void append(Ids& to, const Ids& from) { to.insert(to.end(), from.begin(), from.end()); }

// Contents of the messages of a conversation: a user's and an assistant's in turn.
using Contents = std::vector<Ids>;

class CopySource final : public DataSource {
public:
    explicit CopySource(std::uint64_t seed) : seed_(seed) {}

    Status texts(std::uint64_t, FunctionRef<void(std::string_view)>) override { return {}; }
    Status prepare(const Tokenizer& tokenizer, std::int64_t, std::int64_t) override {
        tokenizer_ = &tokenizer;
        return {};
    }
    Result<Document> training(std::uint64_t index) override { return document(Random(seed_ ^ kKey, index)); }
    // Validation is about the data that the model is for.
    Result<std::vector<Document>> held_out() override { return std::vector<Document>(); }

private:
    Ids tokens(Random& random, std::uint32_t at_most) const {
        Ids ids(1 + random.below(at_most));
        for (TokenId& id : ids)
            id = static_cast<TokenId>(random.below(static_cast<std::uint32_t>(tokenizer_->ranks().size())));
        return ids;
    }

    Contents repeat(Random& random) const {
        const Ids ids = tokens(random, kMaxRepeated);
        return {ids, ids};
    }

    // "key: value" lines and a key; the answer is its value; then more keys.
    Contents look_up(Random& random) const {
        const Ids colon = tokenizer_->encode(": "), line_break = tokenizer_->encode("\n");
        std::vector<Ids> keys, values;
        Contents contents(1);
        for (std::uint32_t i = 2 + random.below(kMaxEntries - 1); i > 0; --i) {
            keys.push_back(tokens(random, kMaxKey));
            values.push_back(tokens(random, kMaxValue));
            for (const Ids& part : {keys.back(), colon, values.back(), line_break}) append(contents[0], part);
        }
        for (std::uint32_t question = 0; question < kQuestions; ++question) {
            const std::size_t wanted = random.below(static_cast<std::uint32_t>(keys.size()));
            if (question > 0) contents.emplace_back();
            append(contents.back(), keys[wanted]);
            contents.push_back(values[wanted]);
        }
        return contents;
    }

    Result<Document> document(Random random) const {
        const Contents contents = random.below(2) == 0 ? repeat(random) : look_up(random);
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

    std::uint64_t seed_;
    const Tokenizer* tokenizer_ = nullptr;
};

}  // namespace

std::unique_ptr<DataSource> make_copy_source(std::uint64_t seed) { return std::make_unique<CopySource>(seed); }

}  // namespace cria

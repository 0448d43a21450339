#include "engine/load.h"

#include <cmath>
#include <thread>

#include "base/random.h"

namespace cria {
namespace {

class Load {
public:
    Load(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute, const LoadTest& test,
         std::optional<DType> kv_type)
        : os_(os),
          vocabulary_(static_cast<std::uint32_t>(model.config().vocabulary)),
          test_(test),
          engine_(os, model, tokenizer, compute,
                  {.context = test.positions(),
                   .positions = test.running * KvCache::pages_for(test.positions()) * kPagePositions,
                   .most_running = test.running,
                   .most_waiting = test.requests,
                   .kv_type = kv_type}),
          shared_(tokens(test.shared)) {
        result_.first_tokens.resize(static_cast<std::size_t>(test.requests));
        result_.per_token.resize(static_cast<std::size_t>(test.requests));
    }

    Result<LoadResult> run(FunctionRef<bool(std::int64_t)> progress) {
        const auto start = os_.monotonic();
        std::chrono::nanoseconds due{0};
        for (std::int64_t sent = 0; ended_ < test_.requests;) {
            const auto now = os_.monotonic() - start;
            if (sent < test_.requests && due <= now) {
                CRIA_TRY(submit(sent++, now - due));
                due += interval();
            } else if (!engine_.step()) {
                std::this_thread::sleep_for(due - now);
            }
            if (failure_) return std::unexpected(*failure_);
            if (!progress(ended_)) return fail(ErrorKind::cancelled, "interrupted");
        }
        result_.all = os_.monotonic() - start;
        result_.preemptions = engine_.load().preemptions;
        return std::move(result_);
    }

private:
    std::vector<TokenId> tokens(std::int64_t count) {
        std::vector<TokenId> ids(static_cast<std::size_t>(count));
        for (TokenId& id : ids) id = static_cast<TokenId>(random_.below(vocabulary_));
        return ids;
    }

    std::chrono::nanoseconds interval() {
        if (test_.rate <= 0) return {};
        const double seconds = -std::log1p(-random_.uniform()) / test_.rate;
        return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
    }

    // `late`: for how long it has been due.
    Status submit(std::int64_t number, std::chrono::nanoseconds late) {
        Request request;
        request.prompt = shared_;
        const std::vector<TokenId> own = tokens(test_.prompt - test_.shared);
        request.prompt.insert(request.prompt.end(), own.begin(), own.end());
        request.options.max_tokens = test_.generate;
        request.options.ignore_end = true;
        request.options.sampling.temperature = 0;
        request.on_end = [this, number, late](const Result<Generation>& answer) {
            ++ended_;
            if (!answer) failure_ = answer.error();
            if (answer) note(static_cast<std::size_t>(number), late, *answer);
        };
        return engine_.submit(std::move(request));
    }

    void note(std::size_t number, std::chrono::nanoseconds late, const Generation& answer) {
        result_.first_tokens[number] = answer.timings.first_token + late;
        const auto after_first = std::max<std::int64_t>(1, answer.usage.completion_tokens - 1);
        result_.per_token[number] = answer.timings.decode / after_first;
        result_.found_tokens += answer.usage.cached_tokens;
        result_.read_tokens += answer.usage.prompt_tokens - answer.usage.cached_tokens;
        result_.written_tokens += answer.usage.completion_tokens;
    }

    Os& os_;
    std::uint32_t vocabulary_;
    LoadTest test_;
    Random random_{1, 0};
    Engine engine_;
    std::vector<TokenId> shared_;
    LoadResult result_;
    std::int64_t ended_ = 0;
    std::optional<Error> failure_;
};

}  // namespace

Result<LoadResult> run_load(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute,
                            const LoadTest& test, std::optional<DType> kv_type,
                            FunctionRef<bool(std::int64_t ended)> progress) {
    CRIA_ASSERT(test.prompt > 0 && test.generate > 0 && test.shared < test.prompt && test.running > 0);
    if (test.positions() > model.config().context)
        return fail(ErrorKind::invalid_input,
                    "prompts of {} tokens and answers of {} need {} positions, but the model "
                    "was made for {}",
                    test.prompt, test.generate, test.positions(), model.config().context);
    model.reserve_positions(test.positions());
    return Load(os, model, tokenizer, compute, test, kv_type).run(progress);
}

}  // namespace cria

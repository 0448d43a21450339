// The engine: many requests, one model. Each step is a pass over rows of several sequences: the next token of all that
// are answering, and pieces of prompts beside them (continuous batching, Yu et al. 2022, "Orca"; chunked prefill,
// Agrawal et al. 2024, "Sarathi-Serve").
//
// An answer depends on its request alone, bit for bit: neither on what else runs, nor on how its prompt was cut or what
// of it was found in the cache. Each row of a pass is computed by itself (ops/ops.h).
//
// Where there is no memory for a request, it ends with out_of_memory and the engine goes on: it has its lists from the
// beginning, so that taking requests in, ending them and giving pages back need none.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>

#include "base/function_ref.h"
#include "engine/draft.h"
#include "engine/draft_model.h"
#include "engine/prefix_cache.h"
#include "engine/sequence.h"
#include "model/llama.h"

namespace cria {

struct EngineOptions {
    std::int64_t context = 4096;  // positions of a sequence; the model has room for them (Llama::reserve_positions)
    std::int64_t positions = 0;   // of all sequences together; at least `context`
    std::int64_t most_running = 32;
    std::int64_t most_waiting = 256;
    std::int64_t prompt_rows = 512;      // of prompts in a pass, at most; fewer while others are answering
    std::optional<DType> kv_type = {};   // of keys and values; without it the model's own (Llama::cache_shape)
    const Llama* draft_model = nullptr;  // of the same vocabulary, with room for `context`; outlives the engine
    // While others are answering, a piece of a prompt may keep them waiting for so long.
    std::chrono::nanoseconds patience = std::chrono::milliseconds(200);
};

// What a program with one conversation needs.
inline EngineOptions one_at_a_time(std::int64_t context) {
    return {.context = context, .most_running = 1, .most_waiting = 1};
}

class Engine {
public:
    Engine(Os& os, const Llama& model, const Tokenizer& tokenizer, Compute compute, const EngineOptions& options);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Any thread. An error when the request cannot be answered (check_request), too many are waiting, or there is no
    // memory; otherwise its on_end is called once, unless the engine ends first.
    Status submit(Request request);
    // One pass, by the engine's thread. False when there was nothing to do.
    bool step();
    // Steps, and sleeps while there is nothing to do, until asked to stop.
    void run(std::stop_token stop);
    // Submits and steps until the answer is there; for programs with one thread. `on_text` receives pieces of complete
    // UTF-8 as they come.
    Result<Generation> generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                FunctionRef<void(std::string_view)> on_text);

    // What was read, kept in a file for a later start (prefix_file.h), by the engine's thread. `origin`: what names the
    // model's files in their present state.
    Status save_prefixes(const Path& path, std::string_view origin) const;
    Result<std::int64_t> load_prefixes(const Path& path, std::string_view origin);

    std::int64_t context() const { return options_.context; }
    // How it stands, for operators and tests; by the engine's thread.
    struct Load {
        std::int64_t running, waiting, pages, free_pages, remembered_pages;
        std::int64_t preemptions;  // so far
    };
    Load load() const;
    // Whether each page is held as often as sequences and the tree of prefixes say; for tests.
    bool pages_add_up() const;
    // Bytes of the activations of a pass, which an engine keeps.
    static std::size_t scratch_bytes(const Llama& model, const Kernels& kernels, const EngineOptions& options);

private:
    using Sequences = std::vector<std::unique_ptr<Sequence>>;
    // Rows of one sequence in a pass.
    struct Part {
        Sequence* sequence;
        std::span<const TokenId> ids;      // the first of what it has not read
        std::span<const TokenId> guesses;  // what may follow
        DraftSource source;                // of the guesses
        bool reads_all;  // a token follows: the logits after the last id and after each guess are wanted
        // Of the pass: pages that were whole before it, and logits [logit_rows, vocabulary].
        std::int64_t whole_pages = 0;
        Tensor logits{};

        std::int64_t rows() const { return std::ssize(ids) + std::ssize(guesses); }
        std::int64_t logit_rows() const { return reads_all ? 1 + std::ssize(guesses) : 0; }
    };
    void take_arrivals();
    void end_cancelled();
    void admit();
    void look_up(Sequence& sequence);
    Sequences::iterator next_waiting();
    bool has_room(const Sequence& sequence);
    Status pass();
    std::vector<Part> plan();
    bool waits_for_another(std::size_t index) const;
    std::int64_t rows_of_prompts() const;
    void guess(Part& part);
    void ask_draft_model(Part& part, std::int64_t most);
    bool make_room(Sequence& sequence, std::int64_t rows);
    void preempt_last();
    void run(std::span<Part> parts);
    void commit(std::span<Part> parts, const Tensor& logits);
    void advance(const Part& part);
    void note_time(std::span<const Part> parts, std::int64_t rows, std::chrono::nanoseconds time);
    void remember(Sequence& sequence, bool finished);
    void give_up_last(const Error& error);
    void end_finished();

    Os& os_;
    const Llama& model_;
    const Tokenizer& tokenizer_;
    Compute compute_;
    EngineOptions options_;
    ControlTokens control_;
    std::shared_ptr<KvPool> pool_;
    PrefixCache prefixes_;
    Arena arena_;
    Sequences waiting_, running_;  // in the order in which they came; in which they were admitted; with room for all
    DraftPolicy drafts_;
    std::optional<DraftModel> draft_model_;
    double seconds_a_row_ = 0;  // of a prompt, lately
    std::int64_t preemptions_ = 0;

    std::mutex mutex_;
    std::condition_variable_any arrived_;
    Sequences arrivals_;       // guarded by mutex_
    std::int64_t queued_ = 0;  // arrivals and waiting; guarded by mutex_
};

}  // namespace cria

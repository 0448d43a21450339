#include "engine/logits.h"

#include <algorithm>
#include <cstring>

#include "engine/sequence.h"

namespace cria {
namespace {

constexpr std::int64_t kLogitsRows = 256;  // of a pass

}  // namespace

Result<Tensor> sequence_logits(const Llama& model, Compute compute, std::span<const TokenId> ids, bool stepwise) {
    if (ids.empty()) return fail(ErrorKind::invalid_input, "no tokens were given");
    const std::int64_t count = std::ssize(ids), vocabulary = model.config().vocabulary;
    CRIA_TRY(check_ids(ids, vocabulary));
    if (count > model.config().context)
        return fail(ErrorKind::invalid_input, "{} tokens were given, but the model was made for {}", count,
                    model.config().context);
    model.reserve_positions(count);
    Tensor all = Tensor::zeros(DType::f32, {count, vocabulary});
    KvCache cache(model.cache_shape(), count);
    Arena arena;
    const std::int64_t rows = stepwise ? 1 : kLogitsRows;
    while (cache.length() < count) {
        const RowRun run{0, std::min(rows, count - cache.length()), cache.length(), &cache};
        arena.reset();
        Pass pass(compute, arena);
        const auto some =
            ids.subspan(static_cast<std::size_t>(run.first_position), static_cast<std::size_t>(run.count));
        const Tensor logits = model.logits(pass, model.forward(pass, some, {{&run, 1}})).tensor;
        std::memcpy(all.slice_rows(run.first_position, run.count).raw(), logits.raw(), logits.bytes());
        cache.set_length(cache.length() + run.count);
    }
    return all;
}

}  // namespace cria

#include "train/trainer.h"

#include <cmath>
#include <numeric>

#include "text/tokenizer_files.h"
#include "train/checkpoint.h"
#include "train/curve.h"
#include "train/data.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/prepare.h"

namespace cria {
namespace {

using Seconds = std::chrono::duration<double>;

class Trainer {
public:
    Trainer(Os& os, const Recipe& recipe, const TrainHooks& hooks, DataStream stream, Tokenizer tokenizer, Llama model)
        : os_(os),
          recipe_(recipe),
          hooks_(hooks),
          identity_(recipe_identity(recipe)),
          stream_(std::move(stream)),
          tokenizer_(std::move(tokenizer)),
          model_(std::move(model)),
          optimizer_(model_.parameters(), recipe.optimizer, recipe.dtype) {}

    Status start(const std::optional<Path>& checkpoint);
    Status run();
    Status finish();

private:
    Result<StepRecord> train_step();
    Status save_checkpoint();
    Status write_training_json();
    void report(const StepRecord& record) const;
    void say(std::string_view text) const {
        if (hooks_.on_message) hooks_.on_message(text);
    }
    double now() const { return Seconds(os_.monotonic()).count(); }
    bool due(std::int64_t every) const {
        return state_.step == recipe_.steps || (every > 0 && state_.step % every == 0);
    }

    Os& os_;
    const Recipe& recipe_;
    const TrainHooks& hooks_;
    OrderedJson identity_;
    DataStream stream_;
    Tokenizer tokenizer_;
    Llama model_;
    Optimizer optimizer_;
    PassMemory memory_;
    StepBatch held_out_;
    RunLog log_;
    TrainState state_;
    std::int64_t first_step_ = 0;  // of this session
    double session_start_ = 0;
    double earlier_seconds_ = 0;  // of sessions before
};

Status Trainer::start(const std::optional<Path>& checkpoint) {
    CRIA_TRY(stream_.prepare(tokenizer_, recipe_.validation_documents));
    held_out_ = pack(CRIA_TRY(stream_.held_out()), recipe_.micro_tokens);
    state_.data_position = stream_.position();
    if (checkpoint) {
        state_ = CRIA_TRY(read_checkpoint(os_, *checkpoint, identity_, optimizer_));
        CRIA_TRY(stream_.seek(state_.data_position));
        say(fmt::format("Going on from {} ({} of {} steps done).", checkpoint->string(), state_.step, recipe_.steps));
    }
    optimizer_.round_weights(hooks_.compute);
    CRIA_TRY(os_.make_folders(recipe_.output));
    const Path log = hooks_.json_log.empty() ? recipe_.output / "log.jsonl" : hooks_.json_log;
    log_ = CRIA_TRY(RunLog::open(os_, log, state_.step));
    first_step_ = state_.step;
    earlier_seconds_ = state_.seconds;
    session_start_ = now();
    say(fmt::format("{:.2f} M weights, vocabulary {}, {} steps of up to {} tokens.",
                    static_cast<double>(model_.config().parameters()) / 1e6, model_.config().vocabulary, recipe_.steps,
                    recipe_.step_tokens));
    return {};
}

Result<StepRecord> Trainer::train_step() {
    const double start = now();
    const StepBatch batch = CRIA_TRY(next_step(stream_, recipe_.step_tokens, recipe_.micro_tokens));
    if (batch.target_weight <= 0)
        return fail(ErrorKind::invalid_input,
                    "step {}: none of its {} tokens counts in the loss; check the messages' "
                    "roles and weights",
                    state_.step + 1, batch.rows);
    optimizer_.zero_gradients(hooks_.compute);
    const double loss = loss_with_gradients(hooks_.compute, memory_, model_, batch);
    const double norm = optimizer_.gradient_norm(hooks_.compute);
    if (!std::isfinite(loss) || !std::isfinite(norm))
        return fail(ErrorKind::invalid_input,
                    "step {}: the loss is {}, the gradient's norm {}; lower "
                    "optimizer.learning_rate (now {}) or optimizer.clip (now {})",
                    state_.step + 1, loss, norm, recipe_.optimizer.learning_rate, recipe_.optimizer.clip);
    const double clip = recipe_.optimizer.clip;
    const double rate = learning_rate_at(recipe_.optimizer, state_.step, recipe_.steps);
    optimizer_.step(hooks_.compute, state_.step + 1, rate, clip > 0 && norm > clip ? clip / norm : 1.0);
    state_.step += 1;
    state_.tokens += batch.rows;
    state_.data_position = stream_.position();
    const double seconds = std::max(now() - start, 1e-9);
    StepRecord record{state_.step, state_.tokens, loss, norm, rate, static_cast<double>(batch.rows) / seconds};
    if (hooks_.peak_flops > 0) record.peak_share = step_flops(model_.config(), batch) / seconds / hooks_.peak_flops;
    return record;
}

Status Trainer::save_checkpoint() {
    return write_checkpoint(os_, recipe_.checkpoint_folder, state_, identity_, optimizer_, recipe_.checkpoint_keep);
}

void Trainer::report(const StepRecord& record) const {
    if (!hooks_.on_step) return;
    const double session = now() - session_start_;
    const double per_step = session / static_cast<double>(state_.step - first_step_);
    hooks_.on_step(
        {record, recipe_.steps, state_.seconds, per_step * static_cast<double>(recipe_.steps - state_.step)});
}

Status Trainer::run() {
    while (state_.step < recipe_.steps) {
        if (hooks_.cancel != nullptr && hooks_.cancel->load()) {
            CRIA_TRY(save_checkpoint());
            return fail(ErrorKind::cancelled, "stopped after step {} of {}; the same command goes on from there",
                        state_.step, recipe_.steps);
        }
        StepRecord record = CRIA_TRY(train_step());
        if (recipe_.validate_every > 0 && due(recipe_.validate_every) && held_out_.target_weight > 0)
            record.validation_loss = loss_only(hooks_.compute, memory_, model_, held_out_);
        state_.seconds = earlier_seconds_ + now() - session_start_;
        CRIA_TRY(log_.add(record));
        report(record);
        if (due(recipe_.checkpoint_every)) CRIA_TRY(save_checkpoint());
    }
    return {};
}

Status Trainer::write_training_json() {
    const auto& records = log_.records();
    const std::size_t tail = std::min<std::size_t>(records.size(), 20);
    double loss = 0;
    for (std::size_t i = records.size() - tail; i < records.size(); ++i)
        loss += records[i].loss / static_cast<double>(tail);
    OrderedJson json = {{"command", hooks_.command},
                        {"steps", state_.step},
                        {"tokens", state_.tokens},
                        {"seconds", state_.seconds},
                        {"threads", hooks_.compute.pool.threads()},
                        {"kernels", hooks_.compute.kernels.name},
                        {"parameters", model_.config().parameters()},
                        {"final_loss", loss}};
    if (!records.empty() && records.back().validation_loss)
        json["final_validation_loss"] = *records.back().validation_loss;
    json["documents_longer_than_context"] = stream_.left_out();
    json["recipe"] = identity_;
    // The command may hold any bytes.
    const std::string text = json_text(json, 2);
    return write_atomically(os_, recipe_.output / "training.json", text + "\n");
}

Status Trainer::finish() {
    CRIA_TRY(model_.save(os_, recipe_.output, recipe_.output_dtype));
    CRIA_TRY(write_atomically(os_, recipe_.output / "tokenizer.json", write_tokenizer_json(tokenizer_)));
    const OrderedJson generation = {
        {"bos_token_id", model_.config().bos_id}, {"eos_token_id", model_.config().eos_ids}, {"do_sample", false}};
    CRIA_TRY(write_atomically(os_, recipe_.output / "generation_config.json", json_text(generation, 2) + "\n"));
    CRIA_TRY(write_training_json());
    const std::string title = fmt::format("{}: loss over {} steps", recipe_.output.filename().string(), state_.step);
    CRIA_TRY(write_atomically(os_, recipe_.output / "loss.svg", loss_curve_svg(log_.records(), title)));
    say(fmt::format("Done: {} after {} tokens in {:.0f} s.", recipe_.output.string(), state_.tokens, state_.seconds));
    return {};
}

}  // namespace

Status run_training(Os& os, const Recipe& recipe, const TrainHooks& hooks) {
    const Path& folder = recipe.checkpoint_folder;
    if (hooks.fresh) CRIA_TRY(remove_checkpoints(os, folder));
    const std::optional<Path> checkpoint = CRIA_TRY(newest_checkpoint(os, folder));
    DataStream stream = CRIA_TRY(DataStream::open(os, recipe));
    Tokenizer tokenizer =
        CRIA_TRY(make_tokenizer(os, recipe, stream, folder / "tokenizer.json", checkpoint.has_value()));
    Llama model = CRIA_TRY(make_model(os, recipe, tokenizer));
    Trainer trainer(os, recipe, hooks, std::move(stream), std::move(tokenizer), std::move(model));
    CRIA_TRY(trainer.start(checkpoint));
    CRIA_TRY(trainer.run());
    return trainer.finish();
}

}  // namespace cria

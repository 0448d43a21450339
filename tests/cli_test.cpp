// The program from outside: every verb, and what it says to input that is wrong.
#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "base/temp_folder.h"
#include "child.h"
#include "engine/tiny_model.h"
#include "store/safetensors.h"

namespace cria {
namespace {

// Folders with models, made once.
struct Models {
    TempFolder folder;
    Models() {
        write_tiny_model(folder / "tiny", {.says = letters("Hi you!")});
        write_tiny_model(folder / "caller", {.says = letters("[f(x=1)]")});
        write_tiny_model(
            folder / "events",
            {.says = {"[create_event(title='Plan', date='2026-03-12', time='14:00', attendees=['Ana Li'])]"}});
        write_tiny_model(folder / "narrow", {.says = letters("abc"), .endless = true, .context = 64});
    }
};
const Models& models() {
    static const Models made;
    return made;
}

Ended cria(std::vector<std::string> arguments, std::string input = {}) {
    return run_child({.arguments = std::move(arguments),
                      .input = std::move(input),
                      .environment = {"CRIA_MODELS=" + models().folder.path().string()}});
}

Json json_of(const Ended& ended) {
    EXPECT_EQ(ended.code, 0) << ended.err;
    const auto json = parse_json(ended.out, "standard output");
    EXPECT_TRUE(json) << ended.out;
    return json.value_or(Json());
}

// The program said one sentence on standard error, with these words, and nothing else.
void expect_complaint(const Ended& ended, int code, const std::vector<std::string>& words) {
    EXPECT_EQ(ended.code, code) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_TRUE(ended.err.starts_with("cria: ")) << ended.err;
    EXPECT_EQ(std::ranges::count(ended.err, '\n'), 1) << ended.err;
    for (const std::string& word : words)
        EXPECT_NE(ended.err.find(word), std::string::npos) << word << " in: " << ended.err;
}

std::string model_path(const char* name) { return (models().folder / name).string(); }

// A copy of a model whose files can be spoilt.
Path copy_of(const char* name, const TempFolder& to) {
    std::filesystem::copy(models().folder / name, to / name, std::filesystem::copy_options::recursive);
    return to / name;
}

TEST(Cli, HelpOfEveryVerbHasAllParts) {
    const Ended all = cria({"help"});
    EXPECT_EQ(all.code, 0);
    for (const char* verb :
         {"run",    "demo",   "list",    "show",     "ps",         "train",   "eval",       "tokenize", "detokenize",
          "render", "logits", "loss",    "bench",    "perplexity", "compare", "pull",       "verify",   "cp",
          "rm",     "init",   "convert", "quantize", "doctor",     "version", "completion", "help"}) {
        EXPECT_NE(all.out.find("\n  " + std::string(verb) + " "), std::string::npos) << verb;
        const Ended page = cria({verb, "--help"});
        EXPECT_EQ(page.code, 0) << verb;
        for (const char* part : {"NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "EXIT CODES"}) {
            EXPECT_NE(page.out.find(part), std::string::npos) << verb << " lacks " << part;
        }
        EXPECT_EQ(cria({"help", verb}).out, page.out);
    }
}

TEST(Cli, WrongUsageIsTwoAndNamesTheNearest) {
    expect_complaint(cria({"rnu", "tiny"}), 2, {"'rnu'", "did you mean 'run'"});
    expect_complaint(cria({"frobnicate"}), 2, {"'frobnicate'", "cria help"});
    expect_complaint(cria({"run", "tiny", "--temprature", "1"}), 2, {"--temprature", "did you mean --temperature"});
    expect_complaint(cria({"run"}), 2, {"MODEL", "cria run --help"});
    expect_complaint(cria({"run", "tiny", "x", "--seed", "soon"}), 2, {"soon"});
    expect_complaint(cria({"list", "--threads", "-3"}), 2, {"-3"});
    EXPECT_EQ(cria({}).code, 2);
}

TEST(Cli, Version) {
    const Json json = json_of(cria({"version", "--json"}));
    for (const char* key : {"version", "commit", "compiler", "kernels"}) EXPECT_TRUE(json.contains(key)) << key;
    EXPECT_EQ(cria({"--version"}).out, "cria " + json["version"].get<std::string>() + "\n");
}

TEST(Cli, DoctorMeasuresTheRoofs) {
    EXPECT_EQ(json_of(cria({"-t", "1", "doctor", "--json"}))["threads"]["used"], 1);
    const Json json = json_of(cria({"doctor", "--json", "--threads", "1"}));
    for (const char* key : {"peak_f32_gflops", "peak_int8_gops", "read_gb_s"})
        EXPECT_GT(json[key].get<double>(), 0) << key;
    EXPECT_EQ(json["threads"]["used"], 1);
    expect_complaint(cria({"doctor", "--kernels", "abacus"}), 1, {"abacus", "scalar"});
}

// The kernels are measured once; what is kept counts as long as it is of this processor.
TEST(Cli, DoctorKeepsWhichKernelsAreQuickest) {
    TempFolder temp;
    const Path file = temp / "cria/kernels.json";
    const auto doctor = [&] {
        return json_of(run_child(
            {.arguments = {"doctor", "--json", "-t", "1"}, .environment = {"XDG_CACHE_HOME=" + temp.path().string()}}));
    };
    const Json first = doctor();
    const std::string kept = *read_text(real_os(), file, 1 << 16);
    EXPECT_EQ(Json::parse(kept)["kernels"], first["kernels"]);
    EXPECT_EQ(doctor()["kernel_speeds"], first["kernel_speeds"]) << "measured again";
    Json changed = Json::parse(kept);
    changed["kernels"] = "scalar";
    ASSERT_TRUE(write_atomically(real_os(), file, changed.dump()));
    EXPECT_EQ(doctor()["kernels"], "scalar");
    changed["of"] = "another machine";
    for (const std::string& unfit : {changed.dump(), std::string("{\"of\": 3}"), kept.substr(0, 40)}) {
        ASSERT_TRUE(write_atomically(real_os(), file, unfit));
        EXPECT_EQ(doctor()["kernels"], first["kernels"]) << unfit;
    }
}

TEST(Cli, ListNamesTheModels) {
    const Ended table = cria({"list"});
    EXPECT_EQ(table.code, 0) << table.err;
    EXPECT_TRUE(table.out.starts_with("NAME")) << table.out;
    EXPECT_NE(table.out.find("\ntiny "), std::string::npos) << table.out;
    EXPECT_EQ(cria({"ls"}).out, table.out);
    std::set<std::string> names;  // and those beside the program
    for (const Json& model : json_of(cria({"list", "--json"}))) names.insert(model["name"].get<std::string>());
    for (const char* name : {"tiny", "caller", "events", "narrow"}) EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Cli, ShowCountsMemory) {
    const Json json = json_of(cria({"show", "tiny", "--context", "1000", "--json"}));
    EXPECT_EQ(json["kv"], 1 * 1024 * 8 * 2 * 4) << "whole pages of 128 positions";
    EXPECT_EQ(json["total"], json["weights"].get<std::int64_t>() + json["kv"].get<std::int64_t>() +
                                 json["scratch"].get<std::int64_t>());
    EXPECT_GT(json["parameters"].get<std::int64_t>(), 0);
    EXPECT_EQ(cria({"show", model_path("tiny")}).code, 0);
    expect_complaint(cria({"show", "tiny", "--context", "5000"}), 1, {"5000", "4096"});
}

TEST(Cli, AGgufFileIsAModel) {
    const TempFolder folder;
    const Path file = Path(CRIA_SOURCE_DIR) / "tests/golden/layouts/blocks.gguf";
    const Json shown = json_of(cria({"show", file.string(), "--json", "--context", "64"}));
    EXPECT_EQ(shown["types"].size(), 2u) << shown["types"];
    EXPECT_GT(shown["types"]["q8_0"].get<int>(), 0);
    std::filesystem::copy(file, folder / "only.gguf");
    const Ended ids = cria({"tokenize", "--model", folder.path().string(), "--ids"}, "Hello there");
    EXPECT_EQ(ids.code, 0) << ids.err;
    const Ended back = cria({"detokenize", "--model", folder.path().string()}, ids.out);
    EXPECT_EQ(back.out, "Hello there");
    const std::string output = (folder / "logits.npy").string();
    const Ended logits = cria({"logits", "--model", file.string(), "--tokens", "1,2,3", "--output", output});
    EXPECT_EQ(logits.code, 0) << logits.err;
    EXPECT_GT(std::filesystem::file_size(output), 3u * 4 * 256);
    std::filesystem::copy(file, folder / "second.gguf");
    expect_complaint(cria({"show", folder.path().string()}), 1, {"2 GGUF files", "only.gguf"});
}

TEST(Cli, PerplexityAndCompare) {
    const TempFolder folder;
    const std::string file = (folder / "text").string();
    ASSERT_TRUE(write_atomically(real_os(), file, std::string(200, 'a')));
    const Json json = json_of(cria({"perplexity", "tiny", "--file", file, "--context", "32", "--json"}));
    EXPECT_GT(json["perplexity"].get<double>(), 1);
    EXPECT_EQ(json["tokens"], 15 * json["windows"].get<int>());
    const std::string picture = (folder / "picture.svg").string();
    const Json same =
        json_of(cria({"compare", "tiny", "tiny", "--file", file, "--context", "32", "--svg", picture, "--json"}));
    EXPECT_TRUE(read_text(real_os(), picture, 1 << 20)->starts_with("<svg"));
    EXPECT_EQ(cria({"perplexity", "tiny", "--file", file, "--context", "32", "--svg", picture}).code, 0);
    expect_complaint(cria({"perplexity", "tiny", "--file", file, "--context", "32", "--svg", "/nowhere/x.svg"}), 1,
                     {"/nowhere/x.svg"});
    EXPECT_EQ(same["kl_mean"], 0.0);
    EXPECT_EQ(same["top1_agreement"], 1.0);
    expect_complaint(cria({"perplexity", "tiny", "--file", file}), 1, {"at least 512"});
    expect_complaint(cria({"perplexity", "tiny"}), 2, {"--file"});
}

TEST(Cli, InitGivesTheSameBytesForTheSameSeed) {
    const TempFolder folder;
    const std::string config = (folder / "small.json").string();
    ASSERT_TRUE(
        write_atomically(real_os(), config,
                         R"({"model_type": "llama", "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 600, "max_position_embeddings": 256,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true})"));
    const auto made = [&](const char* name, const char* seed) {
        const std::string path = (folder / name).string();
        const Ended ended = cria({"init", "--config", config, "--seed", seed, "--dtype", "bf16", path});
        EXPECT_EQ(ended.code, 0) << ended.err;
        return *read_text(real_os(), folder / name / "model.safetensors", 1 << 24);
    };
    EXPECT_EQ(made("a", "3"), made("b", "3"));
    EXPECT_NE(made("c", "4"), made("d", "5"));
    EXPECT_EQ(cria({"run", (folder / "a").string(), "--max-tokens", "3", "--raw", "x"}).code, 0);
    expect_complaint(cria({"init", "--config", config, (folder / "a").string()}), 1, {"holds a model already"});
    expect_complaint(cria({"init", "--config", "lama3.2-1b", (folder / "e").string()}), 1, {"'llama3.2-1b'"});
    expect_complaint(cria({"init", "--config", "llama3.1-405b", (folder / "e").string()}), 1, {"llama3.1"});
}

TEST(Cli, QuantizeWritesAModel) {
    const TempFolder folder;
    const std::string file = (folder / "tiny.gguf").string();
    const Json json = json_of(cria({"quantize", "tiny", file, "--type", "q8_0", "--json"}));
    EXPECT_EQ(json["bytes"], std::filesystem::file_size(file));
    EXPECT_GT(json["tensors"].size(), 5u);
    EXPECT_EQ(cria({"run", file, "--temperature", "0", "hello"}).out,
              cria({"run", "tiny", "--temperature", "0", "hello"}).out);
    expect_complaint(cria({"quantize", "tiny", file, "--type", "q8_0"}), 1, {"is there already", "--force"});
    expect_complaint(cria({"quantize", "tiny", file, "--type", "q3", "--force"}), 1, {"'q3'", "q4_k_m"});
}

TEST(Cli, ConvertWritesOtherLayouts) {
    const TempFolder folder;
    const std::string gguf = (folder / "m.gguf").string(), back = (folder / "back").string();
    EXPECT_EQ(cria({"convert", "tiny", gguf, "--format", "gguf"}).code, 0);
    const Json done = json_of(cria({"convert", gguf, back, "--format", "safetensors", "--json"}));
    EXPECT_GT(done["tensors"].size(), 5u);
    for (const Json& tensor : done["tensors"]) EXPECT_EQ(tensor["worst_error"], 0.0) << tensor["name"];
    const std::string wanted = cria({"run", "tiny", "ask", "--temperature", "0"}).out;
    for (const std::string& model : {gguf, back})
        EXPECT_EQ(cria({"run", model, "ask", "--temperature", "0"}).out, wanted) << model;
    expect_complaint(cria({"convert", "tiny", back, "--format", "safetensors"}), 1, {"is there already", "--force"});
    expect_complaint(cria({"convert", "tiny", back, "--format", "onnx"}), 1, {"'onnx'", "safetensors"});
    expect_complaint(cria({"convert", "tiny", back, "--format", "meta", "--dtype", "i8"}), 1, {"bf16", "'i8'"});
    expect_complaint(cria({"convert", "tiny", back, "--format", "meta"}), 1, {"width / heads"});
}

TEST(Cli, BenchHasTheKeysOfLlamaBench) {
    const Json all = json_of(cria({"bench", "-m", "tiny", "-p", "16,32", "-n", "4", "-d", "0,8", "--parallel", "1,3",
                                   "-t", "1,2", "-r", "2", "-o", "json"}));
    EXPECT_EQ(all.size(), 16u);
    for (const Json& one : all) {
        for (const char* key : {"n_prompt", "n_gen", "n_depth", "n_threads", "n_parallel"})
            EXPECT_TRUE(one[key].is_number_integer()) << key;
        EXPECT_EQ(one["samples_ts"].size(), 2u);
        EXPECT_GT(one["avg_ts"].get<double>(), 0);
    }
    EXPECT_NE(cria({"bench", "-m", "tiny", "-p", "8", "-n", "0", "-r", "1"}).out.find("| pp8 "), std::string::npos);
    expect_complaint(cria({"bench", "-m", "tiny", "-p", "x"}), 1, {"-p", "'x'"});
    expect_complaint(cria({"bench", "-m", "tiny", "-p", "0", "-n", "0"}), 1, {"nothing to measure"});
    expect_complaint(cria({"bench", "-m", "tiny", "-t", "1,0"}), 1, {"--threads is 0", "1024"});
    expect_complaint(cria({"bench", "-m", "tiny", "-t", "1,2", "--serve", "-p", "8", "-n", "8"}), 1, {"(-t)"});
    expect_complaint(cria({"bench", "-m", "tiny", "-p", "999999"}), 1, {"--context is 999999"});
}

TEST(Cli, BenchServeCountsWhatWaits) {
    const std::vector<std::string> serve{"bench", "-m", "tiny", "--serve", "-t", "1"};
    const auto with = [&](std::vector<std::string> more) {
        more.insert(more.begin(), serve.begin(), serve.end());
        return cria(more);
    };
    const Json json = json_of(with({"--requests", "12", "-p", "300", "-n", "5", "--shared", "280", "-o", "json"}));
    EXPECT_EQ(json["requests"], 12);
    EXPECT_GT(json["prompt_tokens_found"].get<int>(), 11 * 255) << "whole pages, read once";
    EXPECT_GT(json["output_tokens_per_s"].get<double>(), 0);
    for (const char* key : {"first_token_ms", "per_token_ms"})
        EXPECT_LE(json[key]["p50"].get<double>(), json[key]["p99"].get<double>()) << key;
    const Json slow = json_of(with({"--requests", "3", "-p", "8", "-n", "2", "--rate", "20", "-o", "jsonl"}));
    EXPECT_LT(slow["requests_per_s"].get<double>(), 200) << "they come one after the other";
    EXPECT_NE(with({"--requests", "2", "-p", "8", "-n", "2"}).out.find("| first token, ms |"), std::string::npos);
    expect_complaint(with({"-p", "8,16"}), 1, {"one length"});
    expect_complaint(with({"-p", "8", "--shared", "8"}), 1, {"--shared is 8"});
    expect_complaint(with({"--rate", "-1"}), 1, {"--rate is -1"});
    expect_complaint(with({"--running", "0"}), 1, {"--running is 0"});
    expect_complaint(with({"-p", "999999"}), 1, {"--context is"});
}

TEST(Cli, ADraftModelOfTheSameVocabularyGuesses) {
    const std::vector<std::string> run{"run", "tiny", "--json", "--temperature", "0", "ask"};
    const auto with = [&](const char* option, const char* value) {
        std::vector<std::string> all = run;
        all.insert(all.end(), {option, value});
        return cria(all);
    };
    EXPECT_EQ(json_of(with("--draft-model", "tiny"))["text"], json_of(cria(run))["text"]);
    expect_complaint(with("--draft-model", "events"), 1, {"--draft-model events", "vocabulary"});
    expect_complaint(with("--draft-model", "nobody"), 1, {"nobody"});
    expect_complaint(with("--kv-type", "i8"), 1, {"--kv-type i8", "multiple of 16"});
    expect_complaint(with("--kv-type", "q4"), 1, {"f32, bf16 or i8", "'q4'"});
    EXPECT_EQ(json_of(with("--kv-type", "f32"))["text"], json_of(cria(run))["text"]);
}

TEST(Cli, APromptIsKeptForTheNextStart) {
    const TempFolder folder;
    const std::string file = (folder / "kept").string();
    const std::vector<std::string> run{"run", "tiny",           "--json", "--temperature",
                                       "0",   "--prompt-cache", file,     "a question"};
    const Json first = json_of(cria(run)), second = json_of(cria(run));
    EXPECT_EQ(first["text"], second["text"]);
    EXPECT_EQ(first["usage"]["cached_tokens"], 0);
    EXPECT_EQ(second["usage"]["cached_tokens"], second["usage"]["prompt_tokens"].get<int>() - 1);
    std::vector<std::string> other = run;
    other[1] = "caller";
    const Ended notice = cria(other);
    EXPECT_EQ(notice.code, 0);
    EXPECT_NE(notice.err.find("another model"), std::string::npos) << notice.err;
    EXPECT_EQ(json_of(cria(other))["usage"]["cached_tokens"].get<int>() > 0, true) << "it was written anew";
}

TEST(Cli, TokenizeKeepsEveryByte) {
    std::string bytes = "na\xc3\xafve <|eot_id|> \xff\xfe\xc3 \xf0\x9f\x98\x80\r\n";
    bytes += '\0';
    const Ended ids = cria({"tokenize", "--model", "tiny", "--ids"}, bytes);
    ASSERT_EQ(ids.code, 0) << ids.err;
    EXPECT_TRUE(ids.out.starts_with("110 97 ")) << ids.out;
    EXPECT_EQ(cria({"detokenize", "--model", "tiny"}, ids.out).out, bytes);
    EXPECT_EQ(cria({"tokenize", "-m", "tiny", "--ids", "a"}).out, "97\n");
    EXPECT_EQ(cria({"tokenize", "-m", "tiny", "--ids", "--bos", "a"}).out, "256 97\n");
    EXPECT_EQ(cria({"tokenize", "-m", "tiny", "--count", "abc"}).out, "3\n");
    EXPECT_EQ(cria({"tokenize", "-m", "tiny", "--ids", "--special", "<|begin_of_text|>"}).out, "256\n");
    expect_complaint(cria({"detokenize", "-m", "tiny", "1", "99999"}), 1, {"99999", "item 2"});
    expect_complaint(cria({"detokenize", "-m", "tiny"}, "1 two"), 1, {"'two'"});
}

TEST(Cli, RenderShowsThePrompt) {
    const std::string messages = R"([{"role": "user", "content": "a <|eot_id|>"}])";
    const Json json = json_of(cria({"render", "--model", "tiny", "--json"}, messages));
    EXPECT_EQ(json["text"],
              "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\na <|eot_id|><|eot_id|>"
              "<|start_header_id|>assistant<|end_header_id|>\n\n");
    const Json eot =
        json_of(cria({"render", "--model", "tiny", "--json"}, R"([{"role": "user", "content": ""}])"))["ids"];
    EXPECT_EQ(std::ranges::count(json["ids"], eot[eot.size() - 15]), std::ranges::count(eot, eot[eot.size() - 15]))
        << "text made a control token";
    expect_complaint(cria({"render", "-m", "tiny"}, R"([{"role": "robot", "content": "a"}])"), 1,
                     {"\"robot\"", "message 0"});
    expect_complaint(cria({"render", "-m", "tiny"}, "{"), 1, {"standard input"});
}

TEST(Cli, LogitsAreANumpyFile) {
    TempFolder temp;
    const std::string whole = (temp / "a.npy").string(), steps = (temp / "b.npy").string();
    EXPECT_EQ(cria({"logits", "-m", "tiny", "--tokens", "10,72,105", "--output", whole}).code, 0);
    EXPECT_EQ(cria({"logits", "-m", "tiny", "--tokens", "10,72,105", "--stepwise", "--exact", "--output", steps}).code,
              0);
    const auto a = read_text(real_os(), whole, 1 << 20), b = read_text(real_os(), steps, 1 << 20);
    ASSERT_TRUE(a && b);
    EXPECT_NE(a->find("'<f4'"), std::string::npos);
    EXPECT_NE(a->find("(3, 512)"), std::string::npos);
    EXPECT_EQ(*a, *b) << "one-hot rows and powers of two leave nothing to round";
    expect_complaint(cria({"logits", "-m", "tiny", "--tokens", "1,512", "-o", whole}), 1, {"512", "511"});
    expect_complaint(cria({"logits", "-m", "narrow", "--tokens-file", "/nonexistent", "-o", whole}), 1,
                     {"/nonexistent"});
}

// The scripted model is certain of its script, and as unsure of all else as its flat logits say.
TEST(Cli, LossIsTheMeanOfCrossEntropies) {
    TempFolder temp;
    const std::string file = (temp / "ids").string(), gradients = (temp / "g.safetensors").string();
    ASSERT_TRUE(write_atomically(real_os(), file, "10 72 105"));
    const Json json = json_of(cria({"loss", "-m", "tiny", "--tokens-file", file, "--gradients", gradients}));
    EXPECT_EQ(json["tokens"], 2);
    // One logit of sqrt(512), the others 0; the norm's epsilon is 1e-5 of a mean square of 1/512.
    const double logit = 1 / std::sqrt(1.0 / 512 + 1e-5);
    EXPECT_NEAR(json["loss"].get<double>(), std::log(std::exp(logit) + 511) - logit, 1e-6);
    const auto written = open_safetensors(real_os(), gradients);
    ASSERT_TRUE(written);
    EXPECT_NE(written->find("lm_head.weight"), nullptr);
    EXPECT_NE(written->find("model.layers.0.self_attn.k_proj.weight"), nullptr);
    expect_complaint(cria({"loss", "-m", "narrow", "--tokens-file", file, "--gradients", "/dev/null/g"}), 1,
                     {"/dev/null/g"});
    ASSERT_TRUE(write_atomically(real_os(), file, "10"));
    expect_complaint(cria({"loss", "-m", "tiny", "--tokens-file", file}), 1, {"1 tokens", "4097"});
}

TEST(Cli, RunAnswersOnce) {
    EXPECT_EQ(cria({"run", "tiny", "hello", "--temperature", "0"}).out, "Hi you!\n");
    EXPECT_EQ(cria({"run", "tiny", "--temperature", "0"}, "from a pipe\n").out, "Hi you!\n");
    EXPECT_EQ(cria({"run", model_path("tiny"), "hello", "--temperature", "0", "--max-tokens", "2"}).out, "Hi\n");
    EXPECT_EQ(cria({"run", "tiny", "hello", "--temperature", "0", "--stop", "ou"}).out, "Hi y\n");
    EXPECT_EQ(cria({"run", "tiny", "a line\n", "--raw", "--temperature", "0", "--max-tokens", "3"}).code, 0);
}

TEST(Cli, RunPutsTheInputBeforeThePrompt) {
    const auto tokens = [](const Ended& ended) { return json_of(ended)["usage"]["prompt_tokens"].get<int>(); };
    const int prompt = tokens(cria({"run", "tiny", "--json", "abc"}));
    EXPECT_EQ(tokens(cria({"run", "tiny", "--json", "abc"}, "12345\n")), prompt + 5 + 2);
    TempFolder temp;
    ASSERT_TRUE(write_atomically(real_os(), temp / "f", "xyz\n"));
    EXPECT_EQ(tokens(cria({"run", "tiny", "--json", "--file", (temp / "f").string(), "abc"}, "1")),
              prompt + 3 + 2 + 1 + 2);
}

TEST(Cli, RunPrintsOneJsonObject) {
    const Json json = json_of(cria({"run", "tiny", "--json", "--seed", "1", "--temperature", "0", "hello"}));
    EXPECT_EQ(json["text"], "Hi you!");
    EXPECT_EQ(json["stop_reason"], "end_of_turn");
    EXPECT_EQ(json["tool_calls"], Json::array());
    EXPECT_EQ(json["usage"]["completion_tokens"], 7);
    for (const char* key : {"load", "first_token", "per_token"})
        EXPECT_GE(json["timings"][key].get<double>(), 0) << key;
}

TEST(Cli, TheSameSeedGivesTheSameTextOnAnyThreads) {
    const auto text = [](const char* seed, const char* threads) {
        return json_of(cria({"run", "tiny", "--json", "--raw", "--seed", seed, "--temperature", "20", "--top-p", "1",
                             "--max-tokens", "40", "--threads", threads, "hello"}))["text"];
    };
    const Json one = text("5", "1");
    EXPECT_EQ(one, text("5", "3"));
    EXPECT_NE(one, text("6", "1"));
}

TEST(Cli, VerboseNamesTheFigures) {
    const Ended ended = cria({"run", "tiny", "hello", "--temperature", "0", "--verbose"});
    EXPECT_EQ(ended.out, "Hi you!\n");
    for (const char* name : {"total duration:", "load duration:", "prompt eval count:", "prompt eval duration:",
                             "prompt eval rate:", "eval count:", "eval duration:", "eval rate:"}) {
        EXPECT_NE(ended.err.find(name), std::string::npos) << name;
    }
}

TEST(Cli, ToolsOfAFileAreCalledByOthers) {
    TempFolder temp;
    ASSERT_TRUE(write_atomically(real_os(), temp / "tools.json",
                                 R"([{"type": "function", "function": {"name": "f", "description": "d",
                                     "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}}}}])"));
    const std::string tools = (temp / "tools.json").string();
    const Json json = json_of(cria({"run", "caller", "--json", "--temperature", "0", "--tools", tools, "go"}));
    EXPECT_EQ(json["stop_reason"], "tool_calls");
    EXPECT_EQ(json["tool_calls"][0]["name"], "f");
    EXPECT_EQ(json["tool_calls"][0]["arguments"], Json({{"x", 1}}));
    EXPECT_EQ(cria({"run", "caller", "--temperature", "0", "--tools", tools, "go"}).out, "[f(x=1)]\n");
    ASSERT_TRUE(write_atomically(real_os(), temp / "bad.json", R"([{"description": "no name"}])"));
    expect_complaint(cria({"run", "caller", "--tools", (temp / "bad.json").string(), "go"}), 1, {"bad.json", "name"});
}

// The scripted model never stops calling, which also shows that such a loop ends.
TEST(Cli, CreateEventWritesIntoTheNamedFolderOnly) {
    TempFolder temp;
    const Ended ended = cria({"run", "events", "--temperature", "0", "--calendar", (temp / "calendar").string(), "go"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_NE(ended.err.find("called tools 8 times"), std::string::npos) << ended.err;
    const auto first = read_text(real_os(), temp / "calendar/event-2026-03-12.ics", 10000);
    ASSERT_TRUE(first);
    EXPECT_NE(first->find("SUMMARY:Plan\r\n"), std::string::npos);
    EXPECT_NE(first->find("CN=\"Ana Li\""), std::string::npos);
    EXPECT_EQ(real_os().list(temp / "calendar")->size(), 8u);
    EXPECT_EQ(real_os().list(temp.path())->size(), 1u);
}

TEST(Cli, PromptsThatDoNotFitNameBothNumbers) {
    expect_complaint(cria({"run", "narrow", "--raw", std::string(100, 'x')}), 1, {"101", "64"});
    expect_complaint(cria({"run", "tiny", "--context", "32", std::string(100, 'x')}), 1, {"32"});
    const Json json = json_of(cria({"run", "narrow", "--raw", "--json", "--temperature", "0", "abc\na"}));
    EXPECT_EQ(json["stop_reason"], "context_full");
    EXPECT_EQ(json["usage"]["prompt_tokens"].get<int>() + json["usage"]["completion_tokens"].get<int>(), 64);
}

TEST(Cli, BadInputHasItsMessage) {
    expect_complaint(cria({"run", "tiny"}), 1, {"no prompt"});
    expect_complaint(cria({"run", "tinny", "x"}), 1, {"'tinny'", "did you mean 'tiny'"});
    expect_complaint(cria({"run", "/nonexistent", "x"}), 1, {"/nonexistent"});
    expect_complaint(cria({"run", "tiny", "--temperature", "-1", "x"}), 1, {"temperature", "-1"});
    expect_complaint(cria({"run", "tiny", "--context", "9999999", "x"}), 1, {"9999999", "4096"});
    expect_complaint(cria({"run", "tiny", "--stop", "", "x"}), 1, {"stop string"});
    expect_complaint(cria({"run", "tiny", "--file", "/nonexistent"}), 1, {"/nonexistent"});
    expect_complaint(cria({"eval", "cooking", "-m", "tiny"}), 1, {"cooking", "office"});
    expect_complaint(cria({"eval", "office", "-m", "tiny", "--languages", "xx"}), 1, {"xx"});
    expect_complaint(cria({"train", "/nonexistent.yaml"}), 1, {"/nonexistent.yaml"});
    expect_complaint(cria({"completion", "csh"}), 1, {"csh", "bash"});
}

TEST(Cli, TextThatIsNotUtf8IsReplacedWithANotice) {
    const Ended ended = cria({"run", "tiny", "--temperature", "0"}, "caf\xe9\n");
    EXPECT_EQ(ended.code, 0);
    EXPECT_EQ(ended.out, "Hi you!\n");
    EXPECT_NE(ended.err.find("not UTF-8 in 1 place(s), the first at byte 3"), std::string::npos) << ended.err;
}

TEST(Cli, DamagedModelsAreNamed) {
    TempFolder temp;
    const Path folder = copy_of("tiny", temp);
    const std::string weights = *read_text(real_os(), folder / "model.safetensors", 64 << 20);
    const auto run = [&] { return cria({"run", folder.string(), "x"}); };
    const auto spoil = [&](const char* file, std::string_view text) {
        ASSERT_TRUE(write_atomically(real_os(), folder / file, text));
    };
    spoil("model.safetensors", weights.substr(0, weights.size() / 2));
    expect_complaint(run(), 1, {"model.safetensors"});
    spoil("model.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}");
    expect_complaint(run(), 1, {"model.safetensors"});
    spoil("model.safetensors", weights);

    const std::string config = *read_text(real_os(), folder / "config.json", 1 << 20);
    Json changed = Json::parse(config);
    changed["num_hidden_layers"] = -1;
    spoil("config.json", changed.dump());
    expect_complaint(run(), 1, {"num_hidden_layers", "-1"});
    changed["num_hidden_layers"] = 2;
    spoil("config.json", changed.dump());
    expect_complaint(run(), 1, {"layers.1"});
    spoil("config.json", "{");
    expect_complaint(run(), 1, {"config.json"});
    spoil("config.json", config);
    spoil("tokenizer.model", "not base64\n");
    expect_complaint(run(), 1, {"tokenizer.model"});
    ASSERT_TRUE(real_os().remove(folder / "tokenizer.model"));
    expect_complaint(run(), 1, {"tokenizer"});
}

TEST(Cli, WhatDoesNotFitIntoMemoryIsThreeWithBothNumbers) {
    TempFolder temp;
    const Path folder = copy_of("tiny", temp);
    Json config = Json::parse(*read_text(real_os(), folder / "config.json", 1 << 20));
    config["num_hidden_layers"] = 512;
    config["max_position_embeddings"] = 1 << 24;
    ASSERT_TRUE(write_atomically(real_os(), folder / "config.json", config.dump()));
    expect_complaint(cria({"run", folder.string(), "--context", "16777216", "x"}), 3, {"needs", "available", "GB"});
    expect_complaint(cria({"bench", "-m", folder.string(), "--serve", "--running", "1024", "-p", "100000", "-n", "10"}),
                     3, {"needs", "available", "1024 contexts"});
}

// 2^24 positions of this model are 1 GiB, which the machine has and the program may not use.
TEST(Cli, AFailedAllocationIsThree) {
    TempFolder temp;
    const Path folder = copy_of("tiny", temp), said = temp / "said";
    Json config = Json::parse(*read_text(real_os(), folder / "config.json", 1 << 20));
    config["max_position_embeddings"] = 1 << 24;
    ASSERT_TRUE(write_atomically(real_os(), folder / "config.json", config.dump()));
    const std::string run =
        fmt::format("ulimit -v 600000; exec {} run {} --threads 1 --context 16777216 x </dev/null >/dev/null 2>{}",
                    CRIA_PROGRAM, folder.string(), said.string());
    const int status = std::system(("bash -c '" + run + "'").c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 3) << status;
    EXPECT_EQ(*read_text(real_os(), said, 1 << 20),
              "cria: not enough memory; choose a smaller model or --context, or close other programs\n");
}

// The program may be root, whom no permission stops: folders stand where the files should.
TEST(Cli, APackedFileWithoutAPlaceBesideTheModelIsKeptInTheCache) {
    TempFolder temp;
    const Path gguf = temp / "m.gguf", cache = temp / "cache";
    ASSERT_EQ(cria({"quantize", model_path("tiny"), gguf.string(), "--type", "q8_0"}).code, 0);
    for (const char* lanes : {"4", "8", "16"})
        ASSERT_TRUE(real_os().make_folders(temp / (std::string("m.gguf.packed") + lanes) / "in the way"));
    const auto run = [&](const std::string& cache_home) {
        const Ended ended = run_child({.arguments = {"run", gguf.string(), "--temperature", "0", "hello"},
                                       .environment = {"XDG_CACHE_HOME=" + cache_home}});
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_EQ(ended.out, "Hi you!\n");
        return ended.err;
    };
    std::string said = run(cache.string());
    EXPECT_NE(said.find("packed weights are kept in " + cache.string()), std::string::npos) << said;
    EXPECT_EQ(run(cache.string()), "") << "once is enough";
    said = run("/dev/null/nowhere");
    EXPECT_NE(said.find("packed weights are in memory"), std::string::npos) << said;
}

// A draft model is counted with the one that it guesses for, before either is loaded.
TEST(Cli, TwoModelsMustFitIntoMemoryTogether) {
    TempFolder temp;
    const Path large = copy_of("caller", temp), small = copy_of("tiny", temp);
    for (const Path& folder : {small, large}) {
        Json config = Json::parse(*read_text(real_os(), folder / "config.json", 1 << 20));
        if (folder == large) config["num_hidden_layers"] = 512;
        config["max_position_embeddings"] = 1 << 24;
        ASSERT_TRUE(write_atomically(real_os(), folder / "config.json", config.dump()));
    }
    const std::string both = "tiny with " + large.string() + " beside it needs";
    expect_complaint(cria({"run", small.string(), "--context", "16777216", "--draft-model", large.string(), "x"}), 3,
                     {both, "available", "for a context of 16777216"});
}

TEST(Cli, AFullDiskIsThree) {
    const Ended ended = run_child({.arguments = {"version"}, .out_file = "/dev/full"});
    EXPECT_EQ(ended.code, 3);
    EXPECT_NE(ended.err.find("incomplete"), std::string::npos) << ended.err;
}

TEST(Cli, CompletionScriptsAreValid) {
    TempFolder temp;
    for (const char* shell : {"bash", "zsh", "fish"}) {
        const Ended ended = cria({"completion", shell});
        EXPECT_EQ(ended.code, 0) << ended.err;
        for (const char* word : {"tokenize", "temperature", "detokenize"})
            EXPECT_NE(ended.out.find(word), std::string::npos);
    }
    ASSERT_TRUE(write_atomically(real_os(), temp / "complete", cria({"completion", "bash"}).out));
    const std::string script = "source " + (temp / "complete").string() +
                               "; COMP_WORDS=(cria tok); COMP_CWORD=1; _cria; [ \"${COMPREPLY[*]}\" = tokenize ]";
    EXPECT_EQ(std::system(("bash -c '" + script + "'").c_str()), 0);
}

// "Start to first token under 100 ms": in processor time, which a busy machine does not stretch.
TEST(Cli, StartsQuickly) {
    double best = 1;
    for (int i = 0; i < 3; ++i) {
        best = std::min(best, cria({"run", "tiny", "--temperature", "0", "--max-tokens", "1", "hello"}).cpu_seconds);
    }
    EXPECT_LT(best, 0.1);
}

}  // namespace
}  // namespace cria

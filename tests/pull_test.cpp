// cria pull, verify, cp and rm from outside, against a hub that behaves as the real ones do on bad days
// (tests/hub_server.py).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "base/json.h"
#include "base/temp_folder.h"
#include "child.h"
#include "http/http.h"
#include "store/digest.h"

namespace cria {
namespace {

namespace fs = std::filesystem;

// A program in the background; killed when the object dies.
class Background {
public:
    Background(std::vector<std::string> command, const std::vector<std::string>& environment) {
        int ends[2];
        CRIA_ASSERT(::pipe2(ends, O_CLOEXEC) == 0);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        const int failed = ::posix_spawnp(&pid_, command[0].c_str(), &actions, nullptr, pointers(command).data(),
                                          pointers(environment).data());
        CRIA_ASSERT(failed == 0);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        out_ = ::fdopen(ends[0], "r");
    }
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;
    ~Background() {
        kill();
        std::fclose(out_);
    }

    std::string line() {
        char text[4096] = "";
        return std::fgets(&text[0], sizeof text, out_) == nullptr ? "" : std::string(&text[0]);
    }
    // Whether it ended by itself before it was killed.
    bool kill() {
        if (pid_ <= 0) return true;
        ::kill(pid_, SIGKILL);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status);
    }

private:
    static std::vector<char*> pointers(const std::vector<std::string>& texts) {
        std::vector<char*> list;
        for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
        list.push_back(nullptr);
        return list;
    }

    pid_t pid_ = -1;
    std::FILE* out_ = nullptr;
};

void write_file(const Path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const Path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string noise(std::size_t bytes) {
    std::mt19937_64 random(bytes);
    std::string text(bytes, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    return text;
}

constexpr std::size_t kBigBytes = 12'000'000;

// The hub with its repositories, made once.
class Hub {
public:
    Hub() {
        const Path demo = Path(CRIA_SOURCE_DIR) / "models" / "demo";
        fs::create_directories(root() / "team");
        for (const char* name :
             {"fine", "gated", "broken", "slow", "wrong", "noranges", "busy", "down", "long", "escape"})
            fs::copy(demo, root() / "team" / name, fs::copy_options::recursive);
        write_file(root() / "team" / "fine" / "original" / "consolidated.00.pth", "not asked for");
        write_file(root() / "team" / "slow" / "big.safetensors", noise(kBigBytes));
        for (const char* type : {"Q4_K_M", "Q8_0"})
            write_file(root() / "team" / "ggufs" / fmt::format("Tiny-{}.gguf", type), std::string(type));
        for (const char* part : {"00001", "00002"})
            write_file(root() / "team" / "ggufs" / fmt::format("Tiny-F16-{}-of-00002.gguf", part), part);
        for (const char* name : {"params.json", "tokenizer.model", "guard_xnnpack.pte", "README.md"})
            write_file(root() / "team" / "program" / name, name);
        write_file(root() / "team" / "empty" / "README.md", "nothing");
        make_meta();
        server_ =
            std::make_unique<Background>(std::vector<std::string>{"python3", CRIA_SOURCE_DIR "/tests/hub_server.py",
                                                                  root().string(), work_.path().string()},
                                         std::vector<std::string>{fmt::format("PATH={}", std::getenv("PATH"))});
        const std::string line = server_->line();
        char certificate[512] = "";
        CRIA_ASSERT(std::sscanf(line.c_str(), "ready %d %d %500s", &port_, &cdn_port_, &certificate[0]) == 3);
        certificate_ = &certificate[0];
    }

    Path root() const { return work_ / "hub"; }
    std::string address() const { return fmt::format("https://127.0.0.1:{}", port_); }
    std::vector<std::string> environment(const Path& models) const {
        return {"CRIA_MODELS=" + models.string(), "HF_ENDPOINT=" + address(), "SSL_CERT_FILE=" + certificate_};
    }

    // Of all files so far.
    std::uint64_t sent_bytes() const {
        const auto client = make_http_client({.certificates = certificate_});
        const auto text = get_text(*client, {.url = address() + "/count"}, 100);
        CRIA_ASSERT(text && text->reply.status == 200);
        return std::stoull(text->body);
    }

private:
    // Meta's folder of Llama-3.2-1B, with files that only look like it.
    void make_meta() const {
        const Path folder = root() / "meta" / "Llama-3.2-1B";
        std::string list;
        for (const char* name : {"params.json", "tokenizer.model", "consolidated.00.pth"}) {
            write_file(folder / name, std::string("contents of ") + name);
            const auto sum = file_digest(real_os(), folder / name, DigestKind::md5, [](std::uint64_t) { return true; });
            list += *sum + "  ./" + name + "\n";
        }
        write_file(folder / "checklist.chk", list);
    }

    TempFolder work_;
    std::unique_ptr<Background> server_;
    int port_ = 0, cdn_port_ = 0;
    std::string certificate_;
};
const Hub& hub() {
    static const Hub made;
    return made;
}

// A user with a folder for models.
struct User {
    TempFolder folder;
    std::vector<std::string> extra{};

    Path models() const { return folder / "models"; }
    std::vector<std::string> environment() const {
        auto all = extra;  // of two values of a variable the first counts
        const auto usual = hub().environment(models());
        all.insert(all.end(), usual.begin(), usual.end());
        return all;
    }
    Ended cria(std::vector<std::string> arguments) const {
        return run_child({.arguments = std::move(arguments), .environment = environment()});
    }
};

void expect_same_files(const Path& given, const Path& wanted) {
    for (const auto& entry : fs::directory_iterator(wanted)) {
        if (!entry.is_regular_file() || entry.path().extension() == ".svg" || entry.path().extension() == ".txt")
            continue;
        EXPECT_TRUE(read_file(given / entry.path().filename()) == read_file(entry.path())) << entry.path();
    }
}

void expect_nothing_there(const User& user) {
    if (!fs::exists(user.models())) return;
    for (const auto& entry : fs::directory_iterator(user.models()))
        EXPECT_TRUE(entry.path().filename().string().starts_with('.')) << entry.path();
}

TEST(Pull, FetchesAModelThatRuns) {
    const User user;
    const Ended pulled = user.cria({"pull", "team/fine", "--json"});
    ASSERT_EQ(pulled.code, 0) << pulled.err;
    const auto json = parse_json(pulled.out, "pull");
    ASSERT_TRUE(json) << pulled.out;
    EXPECT_EQ((*json)["name"], "fine");
    EXPECT_EQ((*json)["status"], "fetched");
    expect_same_files(user.models() / "fine", hub().root() / "team" / "fine");
    EXPECT_FALSE(fs::exists(user.models() / "fine" / "original"));
    for (const auto& entry : fs::directory_iterator(user.models())) EXPECT_EQ(entry.path().filename(), "fine");
    EXPECT_EQ(user.cria({"run", "fine", "--temperature", "0", "Hello"}).code, 0);
    EXPECT_EQ(user.cria({"run", "team/fine", "--temperature", "0", "Hello"}).code, 1);  // no name of the catalogue
    EXPECT_NE(user.cria({"list"}).out.find("fine"), std::string::npos);

    const Ended again = user.cria({"pull", "team/fine"});
    EXPECT_EQ(again.code, 0);
    EXPECT_EQ(again.out, "fine is up to date.\n");
    EXPECT_EQ(user.cria({"pull", "team/fine", "--force"}).code, 0);
}

TEST(Pull, AProgramComesWithWhatItNeeds) {
    const User user;
    const Ended pulled = user.cria({"pull", "team/program"});
    ASSERT_EQ(pulled.code, 0) << pulled.err;
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(user.models() / "program")) names.insert(entry.path().filename());
    for (const char* name : {"params.json", "tokenizer.model", "guard_xnnpack.pte"}) EXPECT_TRUE(names.contains(name));
    EXPECT_FALSE(names.contains("README.md"));
}

TEST(Pull, SurvivesBadServers) {
    for (const char* name : {"broken", "noranges", "busy"}) {
        const User user;
        const Ended pulled = user.cria({"pull", fmt::format("team/{}", name)});
        ASSERT_EQ(pulled.code, 0) << name << ": " << pulled.err;
        expect_same_files(user.models() / name, hub().root() / "team" / name);
    }
}

struct Refusal {
    std::vector<std::string> arguments;
    std::vector<std::string> environment;
    std::string words;
};

TEST(Pull, RefusalsAreExplainedAndLeaveNothing) {
    const std::string meta = hub().address() + "/meta/*?Policy=bad";
    const Refusal refusals[] = {
        {{"team/gated"}, {}, "HF_TOKEN"},
        {{"team/gated"}, {"HF_TOKEN=refused"}, "not accepted"},
        {{"team/gated"}, {"HF_TOKEN=two words"}, "odd character"},
        {{"team/nobody"}, {}, "no repository team/nobody"},
        {{"team/fine@v9"}, {}, "no revision 'v9'"},
        {{"team/wrong"}, {}, "checksum"},
        {{"team/long"}, {}, "announced"},
        {{"team/escape"}, {}, "no place within a folder"},
        {{"team/empty"}, {}, "no weights that Cria reads"},
        {{"team/ggufs:Q2_K"}, {}, "Tiny-Q8_0"},
        {{"lama3.2:1b"}, {}, "did you mean"},
        {{"team/fine", "--name", "../x"}, {}, "no name for a model"},
        {{"team/fine", "--connections", "0"}, {}, "1 to 64"},
        {{"llama3.2:1b-text", "--meta-url", meta}, {}, "expired"},
        {{"llama3.2:1b-text", "--meta-url", "https://x/"}, {}, "wanted whole"},
        {{"team/fine"}, {"SSL_CERT_FILE=/etc/hostname"}, "127.0.0.1"},
        {{}, {}, "which model?"},
    };
    for (const Refusal& refusal : refusals) {
        const User user{.folder = {}, .extra = refusal.environment};
        std::vector<std::string> arguments{"pull"};
        arguments.insert(arguments.end(), refusal.arguments.begin(), refusal.arguments.end());
        const Ended ended = user.cria(arguments);
        EXPECT_EQ(ended.code, 1) << ended.out << ended.err;
        EXPECT_NE(ended.err.find(refusal.words), std::string::npos) << refusal.words << " in: " << ended.err;
        expect_nothing_there(user);
    }
}

TEST(Pull, TheTokenOpensGatedModelsAndIsNotSentOn) {
    User user{.folder = {}, .extra = {"HF_TOKEN=accepted"}};
    const Ended pulled = user.cria({"pull", "team/gated"});
    EXPECT_EQ(pulled.code, 0) << pulled.err;  // the other host answers 400 to a token

    write_file(user.folder / "home" / "token", "accepted\n");
    user.extra = {"HF_HOME=" + (user.folder / "home").string()};
    EXPECT_EQ(user.cria({"pull", "team/gated", "--name", "second"}).code, 0);
}

TEST(Pull, PicksGgufFiles) {
    const User user;
    ASSERT_EQ(user.cria({"pull", "hf.co/team/ggufs"}).code, 0);
    EXPECT_EQ(read_file(user.models() / "Tiny-Q4_K_M" / "Tiny-Q4_K_M.gguf"), "Q4_K_M");
    ASSERT_EQ(user.cria({"pull", "hf.co/team/ggufs:q8_0"}).code, 0);
    EXPECT_EQ(read_file(user.models() / "Tiny-Q8_0" / "Tiny-Q8_0.gguf"), "Q8_0");
    ASSERT_EQ(user.cria({"pull", "https://huggingface.co/team/ggufs/blob/main/Tiny-F16-00001-of-00002.gguf"}).code, 0);
    EXPECT_EQ(read_file(user.models() / "Tiny-F16" / "Tiny-F16-00002-of-00002.gguf"), "00002");
}

TEST(Pull, MetasSignedLink) {
    const User user;
    const std::string link = hub().address() + "/meta/*?Policy=good";
    const Ended pulled = user.cria({"pull", "llama3.2:1b-text", "--meta-url", link});
    ASSERT_EQ(pulled.code, 0) << pulled.err;
    const Path folder = user.models() / "Llama-3.2-1B";
    EXPECT_EQ(read_file(folder / "consolidated.00.pth"), "contents of consolidated.00.pth");
    EXPECT_EQ(user.cria({"verify", "Llama3.2-1B"}).code, 0);  // by Meta's own name
    fs::remove(folder / "cria-pull.json");
    EXPECT_EQ(user.cria({"verify", "Llama-3.2-1B"}).code, 0);  // by checklist.chk
    write_file(folder / "params.json", "damaged");
    const Ended damaged = user.cria({"verify", "Llama-3.2-1B"});
    EXPECT_EQ(damaged.code, 1);
    EXPECT_NE(damaged.out.find("params.json: has the MD5 checksum"), std::string::npos) << damaged.out;
}

TEST(Pull, GoesOnAfterBeingKilled) {
    const User user;
    std::vector<std::string> environment = user.environment();
    environment.push_back("HOME=/nonexistent");
    int killed = 0;
    const std::uint64_t before = hub().sent_bytes();
    const std::vector<std::string> pull{"pull", "team/slow", "--part-size", "1", "--connections", "1"};
    for (const int wait_ms : {900, 1250, 1100}) {
        std::vector<std::string> command = pull;
        command.insert(command.begin(), CRIA_PROGRAM);
        Background running(command, environment);
        std::this_thread::sleep_for(std::chrono::milliseconds(wait_ms));
        killed += !running.kill();
        expect_nothing_there(user);
    }
    EXPECT_EQ(killed, 3);
    const Ended pulled = user.cria(pull);
    ASSERT_EQ(pulled.code, 0) << pulled.err;
    expect_same_files(user.models() / "slow", hub().root() / "team" / "slow");
    EXPECT_EQ(user.cria({"verify", "slow"}).code, 0);
    // A kill loses the part that was on its way; without what was kept, some 30 MB would have been sent.
    EXPECT_LT(hub().sent_bytes() - before, kBigBytes + 13'000'000);
}

TEST(ModelStore, CopyVerifyRemove) {
    const User user;
    ASSERT_EQ(user.cria({"pull", "team/fine"}).code, 0);
    const Ended copied = user.cria({"cp", "fine", "second"});
    ASSERT_EQ(copied.code, 0) << copied.err;
    EXPECT_EQ(user.cria({"cp", "fine", "second"}).code, 1);
    EXPECT_EQ(user.cria({"verify", "second"}).code, 0);
    write_file(user.models() / "second" / "config.json", "{}");
    const Ended spoilt = user.cria({"verify", "second", "--json"});
    EXPECT_EQ(spoilt.code, 1);
    EXPECT_NE(spoilt.out.find("\"ok\": false"), std::string::npos);
    EXPECT_EQ(user.cria({"verify", "demo"}).code, 1);  // nothing on record

    EXPECT_EQ(user.cria({"rm", "second", "third"}).code, 1);
    EXPECT_TRUE(fs::exists(user.models() / "second"));  // none goes unless all are there
    EXPECT_EQ(user.cria({"rm", "second"}).code, 0);
    EXPECT_FALSE(fs::exists(user.models() / "second"));
    EXPECT_EQ(user.cria({"rm", "demo"}).code, 1);
    EXPECT_EQ(user.cria({"rm", "../models"}).code, 1);
    EXPECT_TRUE(fs::exists(user.models() / "fine"));
}

// The old command, also when the program is called by its name.
TEST(ModelStore, LlamaCommand) {
    const User user;
    const std::string link = hub().address() + "/meta/*?Policy=good";
    const auto llama = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "llama");
        return user.cria(words);
    };
    const Ended pulled = llama({"download", "--source", "meta", "--model-id", "Llama3.2-1B", "--meta-url", link});
    ASSERT_EQ(pulled.code, 0) << pulled.err;
    EXPECT_EQ(llama({"model", "verify-download", "--model-id=Llama3.2-1B"}).code, 0);
    EXPECT_NE(llama({"model", "list"}).out.find("meta-llama/Llama-3.2-1B-Instruct"), std::string::npos);
    EXPECT_EQ(llama({"model", "remove", "-m", "Llama3.2-1B", "-f"}).code, 0);
    EXPECT_FALSE(fs::exists(user.models() / "Llama-3.2-1B"));
    EXPECT_EQ(llama({"download", "--source", "meta", "--model-id", "Llama3.2-1B"}).code, 2);
    EXPECT_EQ(llama({"download"}).code, 2);
    EXPECT_EQ(llama({"stack", "run"}).code, 2);
    EXPECT_EQ(llama({}).code, 2);
}

TEST(ModelStore, OtherProgramsCachesAreUsedInPlace) {
    User user;
    const Path cache = user.folder / "hf" / "hub" / "models--meta-llama--Llama-3.2-1B-Instruct";
    fs::create_directories(cache / "snapshots");
    fs::copy(Path(CRIA_SOURCE_DIR) / "models" / "demo", cache / "snapshots" / "abc", fs::copy_options::recursive);
    write_file(cache / "refs" / "main", "abc");
    user.extra = {"HF_HOME=" + (user.folder / "hf").string()};
    for (const char* name : {"llama3.2:1b", "meta-llama/Llama-3.2-1B-Instruct", "Llama3.2-1B-Instruct"})
        EXPECT_EQ(user.cria({"show", name}).code, 0) << name;
    const Ended absent = user.cria({"run", "llama3.2", "Hi"});
    EXPECT_EQ(absent.code, 1);
    EXPECT_NE(absent.err.find("`cria pull llama3.2` fetches it"), std::string::npos) << absent.err;
}

}  // namespace
}  // namespace cria

// Errors that the world can cause, as values.
//
// Every function that touches a file, a request, a network or a model returns Result<T>. Nothing that
// input can reach throws or aborts; CRIA_ASSERT (assert.h) is for our own bugs only.
#pragma once

#include <fmt/format.h>

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cria {

// The closed list of ways in which the world can fail us. Doors map it to exit codes and HTTP statuses.
enum class ErrorKind {
    invalid_input,  // what was asked or given is wrong: a bad option, id, recipe, message
    not_found,      // a file, model or name that does not exist
    corrupt,        // a file that lies about itself or is damaged
    unsupported,    // well formed, but something that Cria does not do
    out_of_memory,  // would not fit in memory (the message says both numbers)
    no_space,       // the disk is full (the message says what was being written)
    io,             // the operating system refused
    busy,           // too much is being done already; later it can be
    cancelled,      // the user or a deadline stopped it
};

// `message` is one sentence for a person: who speaks, what came, what was wanted, and a way out.
struct Error {
    ErrorKind kind;
    std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = Result<void>;

// return fail(ErrorKind::corrupt, "{}: header says {} bytes, the file has {}", path, said, had);
template <class... Args>
[[nodiscard]] std::unexpected<Error> fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
    return std::unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

// Puts "context: " before the message of an error on its way up.
[[nodiscard]] inline std::unexpected<Error> prefix(std::string_view context, Error error) {
    error.message.insert(0, fmt::format("{}: ", context));
    return std::unexpected(std::move(error));
}

namespace detail {
template <class T>
T take(Result<T>&& result) {
    return std::move(*result);
}
inline void take(Status&&) {}
}  // namespace detail

}  // namespace cria

// auto x = CRIA_TRY(parse(bytes));   CRIA_TRY(file.sync());
// Yields the value, or returns the error from the enclosing function.
#define CRIA_TRY(expression)                                                      \
    __extension__({                                                               \
        auto cria_result = (expression);                                          \
        if (!cria_result) return std::unexpected(std::move(cria_result).error()); \
        ::cria::detail::take(std::move(cria_result));                             \
    })

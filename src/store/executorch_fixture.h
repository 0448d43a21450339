// For tests: a small program of ExecuTorch made by hand in the form of newer programs, with constants as named data.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cria {

// What is to be written of a FlatBuffer: a field of a table, or a table. store/flatbuffer.h says how they lie.
struct Flat {
    enum class Kind { absent, number, vector, tables, table };
    Kind kind = Kind::absent;
    std::string bytes{};          // of a number, or of the numbers of a vector
    std::uint32_t count = 0;      // of a vector
    std::vector<Flat> members{};  // tables, or the fields of a table

    template <class T>
    static std::string bytes_of(T value) {
        static_assert(std::is_arithmetic_v<T>);
        std::string bytes(sizeof value, '\0');
        std::memcpy(bytes.data(), &value, sizeof value);
        return bytes;
    }
    template <class T>
    static Flat number(T value) {
        return {Kind::number, bytes_of(value)};
    }
    template <class T>
    static Flat vector(const std::vector<T>& values) {
        Flat flat{Kind::vector, "", static_cast<std::uint32_t>(values.size())};
        for (const T value : values) flat.bytes += bytes_of(value);
        return flat;
    }
    static Flat text(std::string_view text) {
        return {Kind::vector, std::string(text) + '\0', static_cast<std::uint32_t>(text.size())};
    }
    static Flat tables(std::vector<Flat> tables) { return {Kind::tables, "", 0, std::move(tables)}; }
    static Flat table(std::vector<Flat> fields) { return {Kind::table, "", 0, std::move(fields)}; }
};

class FlatWriter {
public:
    // A buffer with an identifier and room for a header of `head` bytes in all.
    static std::string buffer(const Flat& root, std::string_view identifier, std::size_t head) {
        FlatWriter writer;
        writer.out_.resize(head);
        writer.put(4, identifier);
        writer.put(0, Flat::bytes_of(static_cast<std::uint32_t>(writer.write(root))));
        writer.pad();
        return std::move(writer.out_);
    }

private:
    void pad() { out_.resize((out_.size() + 7) / 8 * 8); }
    void put(std::size_t at, std::string_view bytes) { out_.replace(at, bytes.size(), bytes); }

    // Where the table or vector stands; what it leads to comes after it.
    std::size_t write(const Flat& flat) {
        pad();
        return flat.kind == Flat::Kind::table ? write_table(flat.members) : write_vector(flat);
    }

    // Every field has eight bytes.
    std::size_t write_table(const std::vector<Flat>& fields) {
        const std::size_t vtable = out_.size(), n = fields.size();
        out_ += Flat::bytes_of(static_cast<std::uint16_t>(4 + 2 * n));
        out_ += Flat::bytes_of(static_cast<std::uint16_t>(8 + 8 * n));
        for (std::size_t i = 0; i < n; ++i)
            out_ += Flat::bytes_of(static_cast<std::uint16_t>(fields[i].kind == Flat::Kind::absent ? 0 : 8 + 8 * i));
        pad();
        const std::size_t at = out_.size();
        out_ += Flat::bytes_of(static_cast<std::int32_t>(at - vtable));
        out_.resize(at + 8 + 8 * n);
        for (std::size_t i = 0; i < n; ++i) {
            if (fields[i].kind == Flat::Kind::number)
                put(at + 8 + 8 * i, fields[i].bytes);
            else if (fields[i].kind != Flat::Kind::absent)
                lead(at + 8 + 8 * i, fields[i]);
        }
        return at;
    }

    std::size_t write_vector(const Flat& flat) {
        const std::size_t at = out_.size(), n = flat.members.size();
        out_ += Flat::bytes_of(static_cast<std::uint32_t>(flat.count + n)) + flat.bytes;
        out_.resize(out_.size() + 4 * n);
        for (std::size_t i = 0; i < n; ++i) lead(at + 4 + 4 * i, flat.members[i]);
        return at;
    }

    void lead(std::size_t from, const Flat& to) {
        const std::size_t at = write(to);
        put(from, Flat::bytes_of(static_cast<std::uint32_t>(at - from)));
    }

    std::string out_;
};

// The product of an input by 32 factors, which the graph itself has, and then by a matrix of 4 x 32 in four bits, which
// is named data as its scales are (bf16, groups of 32).
inline std::string named_graph() {
    constexpr std::uint32_t kNone = ~std::uint32_t{0};
    const auto u8 = [](int value) { return Flat::number(static_cast<std::uint8_t>(value)); };
    const auto u32 = [](std::uint32_t value) { return Flat::number(value); };
    const auto tensor = [&](int type, std::vector<std::uint32_t> sizes, std::uint32_t constant, std::uint32_t external,
                            std::uint32_t number) {
        return Flat::table({Flat::number(static_cast<std::int16_t>(type)),
                            {},
                            Flat::vector(sizes),
                            u32(constant),
                            u32(external),
                            {},
                            u32(number)});
    };
    const auto plain = [&](Flat body) { return Flat::table({u8(1), std::move(body)}); };
    const Flat scales = Flat::table({{}, {}, Flat::number(std::int32_t{32}), {}, u32(3), u32(4)});
    const Flat matrix = Flat::table({tensor(10, {4, 32}, 2, kNone, 3), u8(4), scales});
    const Flat values = Flat::tables({plain(tensor(1, {1, 32}, 0, 0, 0)), plain(tensor(1, {32}, 1, kNone, 1)),
                                      plain(tensor(1, {1, 32}, 0, kNone, 2)), Flat::table({u8(2), matrix}),
                                      plain(tensor(1, {1, 4}, 0, 1, 4))});
    const Flat multiply = Flat::table({u8(15), Flat::table({u32(0), u32(1), u32(2)})}),
               product = Flat::table({u8(2), Flat::table({u32(2), u32(3), u32(kNone), u32(4)})});
    const auto u64 = [](std::uint64_t value) { return Flat::number(value); };
    const Flat constants =
        Flat::tables({Flat::table({}), Flat::table({u64(0), u64(128)}), Flat::table({{}, {}, Flat::text("matrix")}),
                      Flat::table({{}, {}, Flat::text("scales")})});
    const std::string graph = FlatWriter::buffer(
        Flat::table({{}, Flat::tables({multiply, product}), values, {}, {}, {}, {}, {}, constants}), "XN01", 8);
    constexpr std::size_t kHead = 32;
    std::string whole(kHead, '\0');
    whole.replace(4, 6, std::string("XH00") + Flat::bytes_of(std::uint16_t{30}));
    whole.replace(10, 4, Flat::bytes_of(static_cast<std::uint32_t>(kHead)));
    whole.replace(14, 4, Flat::bytes_of(static_cast<std::uint32_t>(graph.size())));
    whole.replace(18, 4, Flat::bytes_of(static_cast<std::uint32_t>(kHead + graph.size())));
    whole.replace(22, 8, Flat::bytes_of(std::uint64_t{128}));
    whole += graph;
    for (int i = 0; i < 32; ++i) whole += Flat::bytes_of(0.5f + static_cast<float>(i));
    return whole;
}

// A program that hands its input to named_graph().
inline std::string named_program() {
    const std::string graph = named_graph(), matrix(64, '\x7a'), scales("\x80\x3f\x00\x3f\x80\x3e\x00\x40", 8);
    const auto segment = [](std::size_t offset, std::size_t bytes) {
        return Flat::table({Flat::number(std::uint64_t{offset}), Flat::number(std::uint64_t{bytes})});
    };
    const auto named = [](std::string_view name, std::uint32_t index) {
        return Flat::table({Flat::text(name), Flat::number(index)});
    };
    const auto tensor = [](std::int32_t columns, std::uint32_t place) {
        const Flat allocation = Flat::table({Flat::number(std::uint32_t{1}), Flat::number(place)});
        const Flat body = Flat::table({Flat::number(std::int8_t{6}),
                                       {},
                                       Flat::vector<std::int32_t>({1, columns}),
                                       Flat::vector<std::uint8_t>({0, 1}),
                                       {},
                                       {},
                                       allocation});
        return Flat::table({Flat::number(std::uint8_t{5}), body});
    };
    const Flat call = Flat::table({Flat::number(std::int32_t{0}), Flat::vector<std::int32_t>({0, 1})});
    const Flat chain = Flat::table({{}, {}, Flat::tables({Flat::table({Flat::number(std::uint8_t{2}), call})})});
    const Flat delegate = Flat::table(
        {Flat::text("XnnpackBackend"), Flat::table({Flat::number(std::int8_t{1}), Flat::number(std::uint32_t{0})})});
    const Flat method = Flat::table({Flat::text("forward"),
                                     {},
                                     Flat::tables({tensor(32, 0), tensor(4, 128)}),
                                     Flat::vector<std::int32_t>({0}),
                                     {},
                                     Flat::tables({chain}),
                                     {},
                                     Flat::tables({delegate})});
    const Flat segments = Flat::tables({segment(0, graph.size()), segment(graph.size(), matrix.size()),
                                        segment(graph.size() + matrix.size(), scales.size())});
    const Flat root = Flat::table(
        {{}, Flat::tables({method}), {}, {}, segments, {}, {}, Flat::tables({named("matrix", 1), named("scales", 2)})});
    std::string program = FlatWriter::buffer(root, "ET12", 32);
    const std::string bytes = Flat::bytes_of(std::uint64_t{program.size()});
    program.replace(8, 24, "eh00" + Flat::bytes_of(std::uint32_t{24}) + bytes + bytes);
    return program + graph + matrix + scales;
}

}  // namespace cria

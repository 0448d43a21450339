// The vector shapes of all instruction sets, lowered by the compiler to the instructions that every processor of
// this architecture has: tests the algorithms also where the processor lacks the real thing.
#include "kernels/cpu/table.h"
#include "kernels/kernels_testing.h"
#include "kernels/simde_tables.h"

namespace cria {
namespace {

struct Lowered512 : VecBase<Lowered512, 16> {
    static constexpr int kFewRows = 3;  // as many as the real ones would take long to compile
    static constexpr int kTileRows = 14;
    static constexpr int kTileVectors = 2;
    static constexpr int kPanelRows = 6;
    static constexpr int kPanelTiles = 2;
};
struct Lowered256 : VecBase<Lowered256, 8> {
    static constexpr int kFewRows = 3;
    static constexpr int kTileRows = 6;
    static constexpr int kTileVectors = 2;
    static constexpr int kPanelRows = 4;
    static constexpr int kPanelTiles = 1;
};
struct Lowered128 : VecBase<Lowered128, 4> {
    static constexpr int kTileRows = 8;
    static constexpr int kTileVectors = 3;
    static constexpr int kPanelRows = 8;
    static constexpr int kPanelTiles = 2;
};

const Kernels kLowered[] = {kernel_table<Lowered512>("avx512"), kernel_table<Lowered256>("avx2"),
                            kernel_table<Lowered128>("neon")};

}  // namespace

const std::vector<testing::TableUnderTest>& testing::tables() {
    static const std::vector<TableUnderTest> all = [] {
        std::vector<TableUnderTest> found;
        for (const Kernels* table : available_kernels()) found.push_back({table, true});
        for (const Kernels& table : kLowered) found.push_back({&table, false});
#if defined(__x86_64__)
        if (const Kernels* avx2 = kernels_named("avx2")) {
            static Kernels through_simde = *avx2;
            through_simde.name = "avx_vnni";
            through_simde.packed = kAvxVnniThroughSimde.packed;
            through_simde.quads = kAvxVnniThroughSimde.quads;
            found.push_back({&through_simde, false});
        }
#endif
        return found;
    }();
    return all;
}

TEST(Tables, SayWhatRuns) {
    for (const auto& t : testing::tables())
        std::printf("%-8s %s\n", std::string(t.table->name).c_str(), t.native ? "native" : "emulated");
    EXPECT_EQ(available_kernels().front()->name, "scalar");
    for (const Kernels* table : available_kernels()) EXPECT_EQ(kernels_named(table->name), table);
    EXPECT_EQ(kernels_named("none such"), nullptr);
    EXPECT_GE(built_kernels().size(), available_kernels().size());
}

}  // namespace cria

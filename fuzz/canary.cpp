// Must fail: it trusts a length that comes from its input. scripts/fuzz checks that this is found, and so
// that a silent fuzz run means something.
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4 || data[0] != 'C' || data[1] != 'R') return 0;
    const std::vector<std::uint8_t> body(data + 3, data + size);
    volatile std::uint8_t last = body.data()[data[2]];
    (void)last;
    return 0;
}

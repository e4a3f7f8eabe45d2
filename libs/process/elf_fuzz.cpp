// SPDX-License-Identifier: MIT
//
// What `parse` accepts must keep its promises, and relocating must stay inside the segments.

#include <cstdlib>
#include <vector>

#include "libs/process/elf.hpp"

namespace {

class Buffers final : public loader::SegmentMemory {
public:
    explicit Buffers(const loader::Image& image) : image_(image), bytes_(image.segment_count) {
        for (std::size_t i = 0; i < image.segment_count; ++i) {
            bytes_[i].resize(image.segments[i].end_page() - image.segments[i].first_page());
        }
    }
    std::span<std::byte> at(std::uint64_t address, std::uint64_t length) override {
        for (std::size_t i = 0; i < bytes_.size(); ++i) {
            const std::uint64_t start = image_.segments[i].first_page();
            if (address >= start && address - start <= bytes_[i].size() &&
                length <= bytes_[i].size() - (address - start)) {
                return std::span{bytes_[i]}.subspan(address - start, length);
            }
        }
        return {};
    }
    void fill(std::size_t i, std::span<const std::byte> data) {
        const auto place = image_.segments[i].address - image_.segments[i].first_page();
        std::copy(data.begin(), data.end(), bytes_[i].begin() + static_cast<std::ptrdiff_t>(place));
    }

private:
    const loader::Image& image_;
    std::vector<std::vector<std::byte>> bytes_;
};

void check(bool promise) {
    if (!promise) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto file = std::as_bytes(std::span{data, size});
    const auto image = loader::parse(file);
    if (!image) {
        return 0;
    }
    std::uint64_t last = 0;
    std::uint64_t total = 0;
    for (const auto& segment : image->all()) {
        check(segment.first_page() >= last && segment.end_page() > segment.first_page());
        check(segment.end_page() <= loader::max_address);
        check(segment.file_offset + segment.file_bytes <= size &&
              segment.file_bytes <= segment.memory_bytes);
        check(!(segment.write && segment.execute));
        last = segment.end_page();
        total += segment.end_page() - segment.first_page();
    }
    if (total > 1 << 20) {
        return 0;
    }
    Buffers buffers{*image};
    for (std::size_t i = 0; i < image->segment_count; ++i) {
        const auto& segment = image->segments[i];
        buffers.fill(i, file.subspan(segment.file_offset, segment.file_bytes));
    }
    (void)loader::relocate(*image, 0x7e00'0000'0000, buffers);
    return 0;
}

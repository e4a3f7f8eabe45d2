// SPDX-License-Identifier: MIT
#include "libs/process/loaded_image.hpp"

#include <cstring>

#include "libs/base/align.hpp"
#include "libs/rt/mapping.hpp"

namespace loader {
namespace {

// The segments while they are filled: mapped into the loading program. Only pages that the file fills, or that
// relocations touch, become real.
class Workshop final : public SegmentMemory {
public:
    explicit Workshop(const Image& image) : image_(image) {}

    ipc::KernelResult<void> fill(std::size_t number, ipc::Ref<ipc::Memory> memory,
                                 std::span<const std::byte> file) {
        const Segment& segment = image_.segments[number];
        rt::Mapping mapping =
            TRY(rt::map(memory, {.length = segment.end_page() - segment.first_page()}));
        if (segment.file_bytes != 0) {
            std::memcpy(mapping.as<std::byte>() + (segment.address & (abi::page_size - 1)),
                        file.data() + segment.file_offset, segment.file_bytes);
        }
        mappings_[number] = std::move(mapping);
        return {};
    }

    std::span<std::byte> at(std::uint64_t address, std::uint64_t length) override {
        for (std::size_t i = 0; i < image_.segment_count; ++i) {
            const std::uint64_t start = image_.segments[i].first_page();
            const auto bytes = mappings_[i].bytes();
            if (address >= start && base::range_fits(address - start, length, bytes.size())) {
                return bytes.subspan(address - start, length);
            }
        }
        return {};
    }

private:
    const Image& image_;
    std::array<rt::Mapping, Image::max_segments> mappings_{};
};

}  // namespace

LoadResult<LoadedImage> LoadedImage::load(std::span<const std::byte> file, ipc::Ref<ipc::Bank> bank,
                                          std::uint64_t base, std::uint64_t beyond) {
    const Image image = TRY(parse(file));
    const std::uint64_t offset = image.position_independent ? base : 0;
    if (!base::range_fits(image.end(), offset, std::uint64_t{1} << 47)) {
        return base::fail(LoadFailure{ElfError::out_of_range});
    }
    LoadedImage loaded;
    loaded.beyond_ = beyond;
    Workshop workshop{image};
    for (const Segment& segment : image.all()) {
        Part& part = loaded.parts_[loaded.part_count_];
        part.address = segment.first_page() + offset;
        part.length = segment.end_page() - segment.first_page();
        part.write = segment.write;
        part.execute = segment.execute;
        part.memory = TRY(bank->create_memory(part.length + (part.write ? beyond : 0)));
        TRY(workshop.fill(loaded.part_count_, part.memory, file));
        ++loaded.part_count_;
    }
    TRY(relocate(image, offset, workshop));
    loaded.entry_ = image.entry + offset;
    loaded.end_ = image.end() + offset;
    return loaded;
}

ipc::KernelResult<void> LoadedImage::map_part(ipc::Ref<ipc::AddressSpace> space, const Part& part,
                                              ipc::Ref<ipc::Memory> memory) const {
    using Flags = abi::MapFlags;
    const std::uint64_t flags =
        Flags::read | Flags::populate | (part.execute ? Flags::execute : 0) |
        (part.write ? Flags::write | Flags::on_clone_copy : Flags::on_clone_share);
    return space->map(memory, {.address = part.address, .length = part.length, .flags = flags});
}

ipc::KernelResult<void> LoadedImage::map_into(ipc::Ref<ipc::AddressSpace> space) const {
    for (std::size_t i = 0; i < part_count_; ++i) {
        TRY(map_part(space, parts_[i], parts_[i].memory));
    }
    return {};
}

ipc::KernelResult<LoadedImage::OwnCopy> LoadedImage::map_copy_into(
    ipc::Ref<ipc::AddressSpace> space, ipc::Ref<ipc::Bank> payer) const {
    OwnCopy own;
    for (std::size_t i = 0; i < part_count_; ++i) {
        const Part& part = parts_[i];
        if (part.write) {
            own = {TRY(part.memory->clone(payer, {0, part.length + beyond_})), part.length};
            TRY(map_part(space, part, own.memory));
        } else {
            TRY(map_part(space, part, part.memory));
        }
    }
    return own;
}

}  // namespace loader

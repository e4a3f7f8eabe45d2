// SPDX-License-Identifier: MIT
#include "linux/fd/shared_page.hpp"

#include "interfaces/process_image.hpp"
#include "linux/fd/windows.hpp"

namespace linux::fd {

Result<SharedPage> SharedPage::create() {
    const ipc::Ref<ipc::Bank> bank{process::container_bank};
    return map(TRY(or_errno(bank->create_memory(abi::page_size))));
}

Result<SharedPage> SharedPage::map(ipc::Capability<ipc::Memory> memory) {
    const auto address = small_windows.take();
    if (!address) {
        return base::fail(Errno::enfile);
    }
    const auto mapped = ipc::own_space()->map(
        memory,
        {.address = *address,
         .length = abi::page_size,
         .flags = abi::MapFlags::read | abi::MapFlags::write | abi::MapFlags::on_clone_share});
    if (!mapped) {
        small_windows.give_back(*address);
        return base::fail(to_errno(mapped.error()));
    }
    return SharedPage{std::move(memory), *address};
}

SharedPage::~SharedPage() {
    if (address_ != 0) {
        (void)ipc::own_space()->unmap(address_, abi::page_size);
        small_windows.give_back(address_);
    }
}

}  // namespace linux::fd

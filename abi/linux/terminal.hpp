// SPDX-License-Identifier: MIT
// Terminals: the numbers of ioctl and the structures that go with them.
#pragma once

#include <cstdint>

namespace linux_abi {

struct Ioctl {
    static constexpr std::uint32_t tcgets = 0x5401, tcsets = 0x5402, tcsetsw = 0x5403,
                                   tcsetsf = 0x5404, tcsbrk = 0x5409, tcxonc = 0x540a,
                                   tcflsh = 0x540b, tiocexcl = 0x540c, tiocnxcl = 0x540d,
                                   tiocsctty = 0x540e, tiocgpgrp = 0x540f, tiocspgrp = 0x5410,
                                   tiocoutq = 0x5411, tiocgwinsz = 0x5413, tiocswinsz = 0x5414,
                                   fionread = 0x541b, fionbio = 0x5421, tiocnotty = 0x5422,
                                   tcsbrkp = 0x5425, tiocgsid = 0x5429, fionclex = 0x5450,
                                   fioclex = 0x5451, fioasync = 0x5452, tiocgetd = 0x5424,
                                   tiocgptn = 0x80045430, tiocsptlck = 0x40045431,
                                   tiocgptlck = 0x80045439, tiocgptpeer = 0x5441,
                                   tiocsig = 0x40045436;
};

struct Termios {
    std::uint32_t input, output, control, local;
    std::uint8_t line;
    std::uint8_t characters[19];
};
static_assert(sizeof(Termios) == 36);

struct WindowSize {
    std::uint16_t rows, columns, width, height;
};

struct FlushQueue {
    static constexpr std::uint64_t input = 0, output = 1, both = 2;
};

}  // namespace linux_abi

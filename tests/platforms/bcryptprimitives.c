/* What Wine before 9 lacks of Windows 10, and programs compiled by Rust ask for: random numbers. For tests alone. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length) {
    return RtlGenRandom(buffer, (ULONG)length);
}

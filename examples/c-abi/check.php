<?php
// Is a password exposed? It is the first line of standard input. `php check.php libbreachdex.so breachdex.h pwned.bdx`
// needs the extension FFI (`-d ffi.enable=1` outside the command line).

function lines(string $header): string
{
    // FFI reads declarations alone: no directives of the preprocessor, and no block for C++.
    $plain = preg_replace('/^#ifdef __cplusplus.*?^#endif.*?$/ms', '', file_get_contents($header));
    return preg_replace('/^#.*$/m', '', $plain);
}

[, $library, $header, $index] = $argv;
$breachdex = FFI::cdef(lines($header), $library);
$error = $breachdex->new('breachdex_error *');
$corpus = $breachdex->new('breachdex_corpus *');

function must(FFI $breachdex, $status, $error): void
{
    if ($status !== 0) {
        fwrite(STDERR, $breachdex->breachdex_error_message($error) . "\n");
        exit(2);
    }
}

$options = $breachdex->breachdex_options_new();
must($breachdex, $breachdex->breachdex_options_add_index($options, $index, FFI::addr($error)), $error);
must($breachdex, $breachdex->breachdex_open($options, FFI::addr($corpus), FFI::addr($error)), $error);
$password = rtrim(fgets(STDIN) ?: '', "\r\n");
$bytes = $breachdex->new('uint8_t[' . max(1, strlen($password)) . ']');
FFI::memcpy($bytes, $password, strlen($password));
$found = $breachdex->new('breachdex_exposure');
must(
    $breachdex,
    $breachdex->breachdex_examine($corpus, $bytes, strlen($password), 1, FFI::addr($found), FFI::addr($error)),
    $error,
);
echo $found->exposed ? "exposed\n" : "not exposed\n";
exit($found->exposed ? 1 : 0);

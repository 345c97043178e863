// Is a password exposed? It is the first line of standard input. `go run check.go pwned.bdx`, with CGO_CFLAGS and CGO_LDFLAGS
// as `pkg-config --cflags --libs breachdex` says.
package main

/*
#cgo LDFLAGS: -lbreachdex
#include <stdlib.h>
#include <breachdex.h>
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unsafe"
)

func must(status C.breachdex_status, failure *C.breachdex_error) {
	if status != C.BREACHDEX_STATUS_OK {
		fmt.Fprintln(os.Stderr, C.GoString(C.breachdex_error_message(failure)))
		os.Exit(2)
	}
}

func main() {
	var corpus *C.breachdex_corpus
	var failure *C.breachdex_error
	path := C.CString(os.Args[1])
	defer C.free(unsafe.Pointer(path))
	options := C.breachdex_options_new()
	must(C.breachdex_options_add_index(options, path, &failure), failure)
	must(C.breachdex_open(options, &corpus, &failure), failure)

	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	password := []byte(strings.TrimRight(line, "\r\n"))
	var start *C.uint8_t
	if len(password) > 0 {
		start = (*C.uint8_t)(unsafe.Pointer(&password[0]))
	}
	var found C.breachdex_exposure
	must(C.breachdex_examine(corpus, start, C.size_t(len(password)), 1, &found, &failure), failure)
	C.breachdex_corpus_free(corpus)
	C.breachdex_options_free(options)
	if found.exposed {
		fmt.Println("exposed")
		os.Exit(1)
	}
	fmt.Println("not exposed")
}

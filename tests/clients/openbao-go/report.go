package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
)

// say prints one line of JSON, for whoever runs this program.
func say(line any) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stdout, string(text))
}

type result struct {
	Method  string `json:"method"`
	Promise string `json:"promise"`
	OK      bool   `json:"ok"`
	Error   string `json:"error,omitempty"`
}

// check is a call of `method` of the client, and what must be true of it. A panic, as where an answer lacks
// what its reader relies on, is a result like any other: the next check goes on.
func check(method, promise string, body func()) {
	defer func() {
		one := result{Method: method, Promise: promise, OK: true}
		if fault := recover(); fault != nil {
			one.OK, one.Error = false, fmt.Sprint(fault)
		}
		say(one)
	}()
	body()
}

// got hands on the value of a call that must not fail.
func got[T any](value T, err error) T {
	done(err)
	return value
}

// done is for a call that must not fail.
func done(err error) {
	if err != nil {
		panic(err.Error())
	}
}

// refused is for a call that must fail, with these words.
func refused(err error, words string) {
	if err == nil {
		panic(fmt.Sprintf("not refused; %q was expected", words))
	}
	if !strings.Contains(err.Error(), words) {
		panic(fmt.Sprintf("%q was expected: %s", words, err))
	}
}

func same(seen, expected any) {
	if !reflect.DeepEqual(seen, expected) {
		panic(fmt.Sprintf("%#v is not %#v", seen, expected))
	}
}

// methodsOf lists what a client can do, without the twins that take a context.
func methodsOf(value any, prefix string) []string {
	var names []string
	kind := reflect.TypeOf(value)
	for i := range kind.NumMethod() {
		if name := kind.Method(i).Name; !strings.HasSuffix(name, "WithContext") {
			names = append(names, prefix+name)
		}
	}
	return names
}

package account

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/png"
	"strings"
	"sync"
	"testing"
)

func TestAChallengeIsAnsweredByItsDigitsOnly(t *testing.T) { // CH-8
	c := Challenge{Answer: "042917"}
	for typed, right := range map[string]bool{"042917": true, " 04 29-17 ": true, "０４２９１７": true, "42917": false, "0429170": false, "": false, "042918": false, strings.Repeat("042917", 1000): false} {
		if c.Matches(typed) != right {
			t.Errorf("%.20q: %v", typed, !right)
		}
	}
	if (Challenge{}).Matches("") || (Challenge{}).Matches(" ") {
		t.Error("a challenge without an answer was solved")
	}
}

func TestChallengesAreRandomOverAllDigits(t *testing.T) {
	seen, digits := map[string]bool{}, map[rune]int{}
	for range 2000 {
		c := NewChallenge()
		if _, err := c.digits(); err != nil {
			t.Fatalf("%q", c.Answer)
		}
		seen[c.Answer] = true
		for _, d := range c.Answer {
			digits[d]++
		}
	}
	if len(seen) < 1980 || len(digits) != 10 {
		t.Errorf("%d different of 2000, digits %v", len(seen), digits)
	}
	for d, n := range digits { // 1200 expected, deviation 33
		if n < 1000 || n > 1400 {
			t.Errorf("%c came %d times", d, n)
		}
	}
}

func TestThePictureIsDarkOnWhiteAndNeverTheSame(t *testing.T) { // CH-8
	c := NewChallenge()
	draw := func() ([]byte, image.Image) {
		b, err := c.PNG()
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(b))
		if err != nil || img.Bounds() != image.Rect(0, 0, 260, 100) {
			t.Fatalf("%v %v", img, err)
		}
		return b, img
	}
	first, img := draw()
	if again, _ := draw(); bytes.Equal(first, again) {
		t.Error("two drawings are alike")
	}
	white, dark := 0, 0
	for y := range 100 {
		for x := range 260 {
			r, g, b, a := img.At(x, y).RGBA()
			if a != 0xffff {
				t.Fatalf("transparent at %d,%d", x, y)
			}
			if r+g+b > 3*0xf000 {
				white++
			} else if r+g+b < 3*0x9000 {
				dark++
			}
		}
	}
	if white < 260*100/2 || dark < 800 {
		t.Errorf("%d white and %d dark points", white, dark)
	}
	if bytes.Contains(first, []byte(c.Answer)) {
		t.Error("the answer stands in the file")
	}
}

func TestTheRecordingIsAWAVOfSomeSecondsInBothLanguages(t *testing.T) { // CH-8
	c := Challenge{Answer: "019283"}
	for _, language := range []string{"en", "zh", "zh-CN", "fr", ""} {
		b, err := c.WAV(language)
		if err != nil {
			t.Fatal(err)
		}
		data := int(binary.LittleEndian.Uint32(b[40:44]))
		if string(b[:4]) != "RIFF" || string(b[8:16]) != "WAVEfmt " || string(b[36:40]) != "data" || data > len(b)-44 || data < len(b)-46 {
			t.Fatalf("%s: header % x", language, b[:44])
		}
		if rate := binary.LittleEndian.Uint32(b[24:28]); rate != 8000 || data < 8*8000 || data > 40*8000 {
			t.Errorf("%s: %d Hz, %d bytes", language, rate, data)
		}
		if again, _ := c.WAV(language); bytes.Equal(b, again) {
			t.Errorf("%s: two recordings are alike", language)
		}
	}
}

func TestAnAnswerThatIsNoSixDigitsIsNotDrawn(t *testing.T) {
	for _, answer := range []string{"", "12345", "1234567", "12345a", "１２３４５６", "<svg>0"} {
		c := Challenge{Answer: answer}
		if _, err := c.PNG(); err == nil {
			t.Errorf("%q drawn", answer)
		}
		if _, err := c.WAV("en"); err == nil {
			t.Errorf("%q spoken", answer)
		}
	}
}

func TestManyChallengesAreDrawnAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for range 20 {
				c := NewChallenge()
				if _, err := c.PNG(); err != nil {
					t.Error(err)
				}
				if _, err := c.WAV([]string{"en", "zh"}[i%2]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkChallengePNG(b *testing.B) {
	for b.Loop() {
		if _, err := NewChallenge().PNG(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkChallengeWAV(b *testing.B) {
	for b.Loop() {
		if _, err := NewChallenge().WAV("en"); err != nil {
			b.Fatal(err)
		}
	}
}

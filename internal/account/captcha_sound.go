package account

import (
	"bytes"
	"embed"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// The voices are recordings of the digits, 8 kHz, 8 bit, mono; captchasounds/README.md says where they come from.
//
//go:embed captchasounds/en/*.wav captchasounds/zh/*.wav
var soundFiles embed.FS

const (
	soundRate  = 8000 // samples a second
	waveHeader = 44   // bytes
)

// voices holds the recordings as samples from -1 to 1.
var voices = sync.OnceValue(func() map[string][10][]float64 {
	all := map[string][10][]float64{}
	for _, language := range []string{"en", "zh"} {
		var spoken [10][]float64
		for d := range spoken {
			b, err := soundFiles.ReadFile(fmt.Sprintf("captchasounds/%s/%d.wav", language, d))
			if err != nil {
				panic(err) // embedded above
			}
			for _, v := range b[waveHeader:] {
				spoken[d] = append(spoken[d], (float64(v)-128)/128)
			}
		}
		all[language] = spoken
	}
	return all
})

// WAV speaks the answer over a murmur, in Mandarin for languages that begin with "zh" and in English otherwise: about 11 s,
// 8 kHz mono, 90 kB. Each call makes another recording; it takes some milliseconds.
func (c Challenge) WAV(language string) ([]byte, error) {
	digits, err := c.digits()
	if err != nil {
		return nil, err
	}
	voice := voices()["en"]
	if strings.HasPrefix(strings.ToLower(language), "zh") {
		voice = voices()["zh"]
	}
	at := pause()
	var out []float64
	for _, d := range digits {
		out = mix(out, at, voice[d], between(.9, 1.15), between(1.3, 1.7))
		at = len(out) + pause()
	}
	out = append(out, make([]float64, at-len(out))...)
	end := len(out)
	for range end / (soundRate / 8) { // voices backwards, much softer, without a gap to cut at
		out = mix(out, rand.IntN(end), backwards(voice[rand.IntN(10)]), between(.8, 1.2), between(.05, .11))
	}
	return wav(out[:end]), nil
}

// pause is one to one and a half seconds.
func pause() int { return int(between(1, 1.5) * soundRate) }

// mix adds a sound to out from a sample on, which makes out longer where it must. Speed changes the pitch as well.
func mix(out []float64, at int, sound []float64, speed, level float64) []float64 {
	n := int(float64(len(sound)-1) / speed)
	if more := at + n - len(out); more > 0 {
		out = append(out, make([]float64, more)...)
	}
	for i := range n {
		p := float64(i) * speed
		k := int(p)
		out[at+i] += level * (sound[k] + (p-float64(k))*(sound[k+1]-sound[k]))
	}
	return out
}

func backwards(s []float64) []float64 {
	b := make([]float64, len(s))
	for i, v := range s {
		b[len(s)-1-i] = v
	}
	return b
}

// wav packs samples as 8-bit PCM with a little hiss (RIFF: sizes in bytes, little endian, chunks of even length).
func wav(samples []float64) []byte {
	samples = samples[:len(samples)&^1]
	var out bytes.Buffer
	head := func(v ...any) {
		for _, x := range v {
			_ = binary.Write(&out, binary.LittleEndian, x) // a Buffer takes everything
		}
	}
	head([]byte("RIFF"), uint32(waveHeader-8+len(samples)), []byte("WAVEfmt "), uint32(16), uint16(1), uint16(1),
		uint32(soundRate), uint32(soundRate), uint16(1), uint16(8), []byte("data"), uint32(len(samples)))
	for _, v := range samples {
		out.WriteByte(byte(128 + 127*min(max(v+between(-.015, .015), -1), 1)))
	}
	return out.Bytes()
}

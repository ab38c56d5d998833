import {assert} from 'chai';
import {readShared} from './share-target.js';

function form(fields: Readonly<Record<string, string>>, files: readonly File[] = []): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  for (const file of files) data.append('files', file);
  return data;
}

const textOf = async (fields: Readonly<Record<string, string>>): Promise<string> => (await readShared(form(fields))).text;

describe('what is shared to the app', () => {
  it('is one text', async () => {
    assert.equal(await textOf({title: 'A page', text: 'Look', url: 'https://site.example/'}), 'A page\nLook\nhttps://site.example/');
    assert.equal(await textOf({text: '  Look  ', url: ''}), 'Look');
    assert.equal(await textOf({}), '');
  });

  it('says nothing twice', async () => {
    assert.equal(await textOf({title: 'Site', text: 'Site https://site.example/', url: 'https://site.example/'}), 'Site https://site.example/');
    assert.equal(await textOf({title: 'Same', text: 'Same'}), 'Same');
  });

  it('has the text of text files, whatever they are called', async () => {
    const files = [
      new File(['\ufeffname,age\r\nAda,36\r\n'], 'list.csv', {type: 'text/csv'}),
      new File([new Uint8Array([0xff, 0xfe, 0x48, 0, 0x69, 0])], 'note.txt'),
      new File(['BEGIN:VCARD'], 'ada.vcf', {type: 'application/octet-stream'}),
      new File([], 'empty.txt'),
    ];
    assert.deepEqual(await readShared(form({text: 'See'}, files)), {text: 'See\nname,age\nAda,36\nHi\nBEGIN:VCARD', refused: []});
  });

  it('says of every other file why it cannot be sent', async () => {
    const files = [
      new File([new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1])], 'photo.png', {type: 'image/png'}),
      new File([new Uint8Array(50_000)], 'film.mp4', {type: 'video/mp4'}),
      new File(['x'.repeat(8001)], 'book.txt', {type: 'text/plain'}),
      new File(['x'.repeat(50_000)], 'log.txt', {type: 'text/plain'}),
    ];
    const {text, refused} = await readShared(form({}, files));
    assert.equal(text, '');
    assert.lengthOf(refused, 4);
    assert.match(refused.join('\n'), /^photo.png cannot be sent.*\nfilm.mp4 cannot be sent.*\nbook.txt is too long.*8,000.*\nlog.txt is too long/);
  });
});

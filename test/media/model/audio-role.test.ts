// What a sound track is for, told from its flags and its title.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audioRole, type AudioRole } from '../../../src/media/model/audio-role.ts';

const NO_FLAGS = { isDescription: false, isCommentary: false, isEffects: false };

const TITLES: Record<AudioRole, string[]> = {
  main: [
    ...['', 'English', 'English 5.1', 'Stereo', 'Surround', 'Original', 'Adventure', 'ADPCM', 'Director’s cut'],
    ...['AC3', 'Madrid', 'Canada', 'Deutsch (DTS-HD)', 'Commander', 'Comedy'],
  ],
  description: [
    ...['Audio Description', 'audio-description', 'Audiodescription', 'English AD', 'AD', '(AD) 2.0', 'DVS'],
    ...['Descriptive audio', 'Described Video', 'Audiodeskription', 'Hörfilmfassung', 'Audiodescripción'],
    ...['Audiodescrizione', 'Audiodescrição', 'Syntolkning', 'Тифлокомментарий', '解説'],
  ],
  commentary: [
    ...['Commentary', "Director's Commentary", 'Commentaire du réalisateur', 'Audiokommentar', 'Kommentar'],
    ...['Comentario del director', 'Comentários', 'Commento del regista', 'Комментарии режиссёра', 'Komentarz'],
    ...['コメンタリー', 'Cast and crew commentaries', 'Kommentti'],
  ],
  effects: ['Karaoke', 'Music and Effects', 'M&E', 'Isolated Score'],
};

test('titles tell the role', () => {
  for (const role of ['main', 'description', 'commentary', 'effects'] as const)
    for (const title of TITLES[role]) assert.equal(audioRole(NO_FLAGS, title), role, title);
});

test('flags count more than titles', () => {
  assert.equal(audioRole({ ...NO_FLAGS, isCommentary: true }, 'Audio Description'), 'commentary');
  assert.equal(audioRole({ ...NO_FLAGS, isDescription: true }, 'English'), 'description');
  assert.equal(audioRole({ ...NO_FLAGS, isEffects: true }, 'Commentary'), 'effects');
});
